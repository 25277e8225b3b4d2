// SPDX-License-Identifier: Apache-2.0

// Package netio owns the L2TP sockets of the local gateways: it opens them,
// has the kernel steer datagrams among them, and carries batches between them
// and the shards. It reads no L2TP beyond the octets that steering needs.
//
// Each gateway address has one SO_REUSEPORT group on port 1701. A classic BPF
// program in the kernel chooses the socket, so that a flood of data never
// starves control and a shard gets what belongs to its own tunnels:
//
//	          control, T = 1                          data, T = 0
//	  tunnel id 0: any shard at random        low octet of the tunnel id
//	  else: high octet of the tunnel id        modulo number of data sockets
//	       modulo number of shards
//	    |           |           |                  |             |
//	control[0]  control[1] ... control[n-1]      data[0]  ...  data[m-1]
//	    |           |           |                  |             |
//	 Reader       Reader      Reader              the data plane reads these
//	    |           |           |
//	 shard 0     shard 1     shard n-1
//
// Steering is an optimisation and no promise: the kernel steers a train of
// datagrams (GRO) by its first one, so that data may come in at a control
// socket and a shard may get what another owns. The engines sort that out.
//
// A Reader copies datagrams out of the socket's buffers into batches of its
// own, a fixed number of them, and hands these to its shard. When the shard is
// behind, the Reader waits for a batch to come back and the kernel's buffer
// fills; what overflows there is counted by the kernel, and Stats shows it.
// What the policers of package police do not let in goes no further than that read,
// and what they let in of strangers may go a way of its own (Divert), on which it is
// dropped when the shard is behind: the Reader waits for those who are known alone.
// Nothing queues without bound. A shard sends through its Sender, from its own
// goroutine.
//
// Files: open.go (the groups), steer.go (the program), reader.go, sender.go,
// flow.go (what may overtake what when answers leave in trains).
// Standards: RFC 2661 §8.1 (L2TP over UDP/IP); answers leave from the port that
// the message came to, which for a gateway is always 1701.
package netio
