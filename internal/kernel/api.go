package kernel

/*
What the adapters above need from here (files udp.go, tun.go, link.go, netns.go, sysctl.go, proc.go):

	type UDPSocket: one UDP socket with raw recvmmsg and sendmmsg over preallocated
	headers, through the runtime's poller (SetReadDeadline and Close wake a reader).

	  ListenUDP(local netip.AddrPort, o UDPOptions) (*UDPSocket, error)
	      UDPOptions{ReusePort bool; ReceiveBuffer, SendBuffer int; Timestamps, GRO, PacketInfo bool; DontFragment bool}
	  ReadBatch(b *packet.Batch) (n int, err error)
	      blocks until at least one datagram; fills b.Datagrams[:n], splitting GRO trains; At is set from
	      SO_TIMESTAMPNS (CLOCK_REALTIME turned into an age at the read; a timestamp in the future is now)
	  WriteBatch(d []packet.Datagram) (n int, err error)
	      never blocks for long; runs of equal-sized datagrams to one peer leave in one UDP_SEGMENT send;
	      a datagram the kernel refuses is counted, not fatal (ECONNREFUSED and the like)
	  AttachReusePortCBPF(prog []bpf.RawInstruction) error
	  Dropped() uint64   // SO_MEMINFO / SO_RXQ_OVFL: what the receive buffer lost

	type TUN: one queue of a multi-queue TUN device
	  OpenTUN(name string, queues int, o TUNOptions) ([]*TUN, error)   IFF_MULTI_QUEUE, IFF_NO_PI, IFF_VNET_HDR by option
	  Read(b []byte) / Write(b []byte), poller-friendly

	netlink: LinkUp, SetMTU, AddAddress, AddRoute, DelRoute, DisableIPv6Autoconf on a device by name
	netns: New(name) / Do(ns, func) / Delete: for tests and the demo only
	sysctl: Set(path, value) / Get
*/
