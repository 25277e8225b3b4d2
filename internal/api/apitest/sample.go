// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"fmt"
	"net/netip"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/api"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// Size says how large a Sample is.
type Size struct {
	Shards, LACs, TunnelsPerLAC, SessionsPerTunnel int
}

// Sample is a daemon with subscribers on line: LACs at 192.0.2.10 and up that
// dial the gateway 192.0.2.1, user names user1@example and up, addresses from
// 100.64.0.0/16. now is when it is looked at: everything is an hour old.
func Sample(z Size, now time.Time) *Backend {
	b := &Backend{Process: api.Facts{
		HostName: "lns1", Version: "1.2.3", Plane: "tun", Started: now.Add(-26 * time.Hour), Configured: now.Add(-2 * time.Hour),
	}}
	b.Settings = sampleConfig()
	b.Exchange, b.Books = sampleAAA(b.Settings, now), sampleAccounting(now)
	b.Guard, b.Computer = NewPolice(now.Add(-time.Hour)), sampleSystem(now)
	for range z.Shards {
		b.List = append(b.List, emptyShard())
	}
	for lac := range z.LACs {
		for t := range z.TunnelsPerLAC {
			s := (lac*z.TunnelsPerLAC + t) % z.Shards
			b.List[s].addTunnel(lac, uint16(s<<8+len(b.List[s].Tunnels)+1), z.SessionsPerTunnel, s)
		}
	}
	for i, s := range b.List {
		s.finish(i == 0)
		s.addCalls(i)
	}
	return b
}

var gateway = netip.MustParseAddr("192.0.2.1")

func emptyShard() *Shard {
	return &Shard{Data: map[uint32]forward.Counters{}, Summary: lns.Summary{
		TunnelAuthentication: true, Interfaces: map[string]int{}, ByInstance: map[string]int{},
		Settings: lns.SummarySettings{
			RetransmitMin: time.Second, RetransmitMaxEstablished: 7, RetransmitMaxNotEstablished: 5,
			TunnelIdleTimeout: time.Minute, DestructTimeout: 5 * time.Minute, ReceiveWindow: 128,
		},
	}}
}

func (s *Shard) addTunnel(lac int, id uint16, sessions, shard int) {
	peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + lac)}), 1701)
	name := fmt.Sprintf("lac%d", lac+1)
	s.Tunnels = append(s.Tunnels, lns.TunnelRow{
		LocalID: id, PeerID: id + 1000, Peer: peer, Local: netip.AddrPortFrom(gateway, 1701), Sessions: sessions,
		State: "Established", Name: fmt.Sprintf("%d/%d", lac+1, id), LocalName: "lns1", PeerName: name, Group: "tg1", Instance: "default",
		SessionMax: 65535, ReceiveWindow: 128, PeerWindow: 8, HelloInterval: time.Minute,
		Created: time.Hour, Up: time.Hour, Idle: 3 * time.Second,
		ControlRx: lns.Volume{Packets: 40, Bytes: 3200}, ControlTx: lns.Volume{Packets: 38, Bytes: 1900}, Retransmissions: 2,
	})
	for range sessions {
		s.addSession(&s.Tunnels[len(s.Tunnels)-1], shard)
	}
}

func (s *Shard) addSession(t *lns.TunnelRow, shard int) {
	element := uint32(len(s.Sessions))
	n := uint32(shard)*1000 + element
	id := uint16(7*element + 100)
	user := fmt.Sprintf("user%d@example", n+1)
	si := fmt.Sprintf("si-1/%d/0", element%2)
	calling := fmt.Sprintf("0151%06d", n)
	s.Sessions = append(s.Sessions, lns.SessionRow{
		TunnelLocalID: t.LocalID, TunnelPeerID: t.PeerID, LocalID: id, PeerID: id + 1, Element: element, Shard: shard,
		State: "Established", Interface: si, Unit: element + 1, User: user, Mode: "dynamic", Local: t.Local, Peer: t.Peer,
		LocalName: t.LocalName, PeerName: t.PeerName, TxSpeed: 100_000_000, RxSpeed: 40_000_000, BearerType: 2, FramingType: 1,
		LCPRenegotiation: true, Authentication: "CHAP", CallSerial: n + 1, CallingNumber: calling, CalledNumber: "0800",
		Created: time.Hour, Up: time.Hour - time.Second, Idle: 5 * time.Second, EchoTx: 120, EchoRx: 360,
		ControlRx: lns.Volume{Packets: 9, Bytes: 410}, ControlTx: lns.Volume{Packets: 8, Bytes: 395},
	})
	s.Subscribers = append(s.Subscribers, lns.SubscriberRow{
		ID: uint64(n) + 1, User: user, State: lns.StateActive, Interface: si, Unit: element + 1, Instance: "default",
		Profile: "lns-profile", AccessProfile: "aaa-profile",
		IPv4: netip.AddrFrom4([4]byte{100, 64, byte(n >> 8), byte(n)}),
		IPv6: netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 1, 0, byte(n >> 8), byte(n)}), 64),
		Pool: "pool-v4", PoolIPv6: "pool-v6",
		DNS:     [2]netip.Addr{netip.MustParseAddr("198.51.100.53"), netip.MustParseAddr("198.51.100.54")},
		Calling: calling, Called: "0800", CircuitID: fmt.Sprintf("dslam1 atm 1/%d", n), RemoteID: fmt.Sprintf("line%d", n),
		TunnelLocalID: t.LocalID, SessionLocalID: id, Peer: t.Peer.Addr(), Gateway: t.Local.Addr(), PeerName: t.PeerName,
		Element: element, Shard: shard, MTU: 1492, TxSpeed: 100_000_000, RxSpeed: 40_000_000, Login: time.Hour - time.Second,
		UserGiven: user, AccountedUser: user,
	})
	if n == 1 {
		grant(&s.Subscribers[len(s.Subscribers)-1])
	}
	s.Data[element] = forward.Counters{UpPackets: 10, UpBytes: 1000, DownPackets: 20, DownBytes: 24000, Spoofed: 1}
}

// grant is what RADIUS has said of one of them.
func grant(r *lns.SubscriberRow) {
	r.UserGiven, r.AccountedUser, r.Domain, r.Server = r.User+"/dsl", "line2", "example", "203.0.113.100"
	r.Up, r.Down = policy.Rate{Bits: 10e6}, policy.Rate{Bits: 100e6, Burst: 1500000}
	r.Routes = []netip.Prefix{netip.MustParsePrefix("198.51.100.64/28"), netip.MustParsePrefix("2001:db8:1::/56")}
	r.Filters, r.DNSIPv6, r.Classes = []string{"walled-garden"}, []netip.Addr{netip.MustParseAddr("2001:db8::53")}, 1
	r.SessionLeft, r.IdleTimeout, r.InterimInterval, r.Accounted = 2*time.Hour, 15*time.Minute, 10*time.Minute, time.Hour-time.Second
}

// End makes a subscriber one who is kept for inspection.
func (s *Shard) End(i int, cause lns.Cause) {
	r := &s.Subscribers[i]
	s.Summary.States[r.State]--
	r.State, r.Cause = lns.StateTerminated, cause.String()
	s.Summary.States[r.State]++
}

// finish makes the rows that are counts of the others.
func (s *Shard) finish(home bool) {
	at := map[netip.Addr]int{}
	for i := range s.Tunnels {
		t := &s.Tunnels[i]
		d, known := at[t.Peer.Addr()]
		if !known {
			d = len(s.Destinations)
			at[t.Peer.Addr()] = d
			s.Destinations = append(s.Destinations, lns.DestinationRow{
				LocalName: fmt.Sprint(d + 1), Peer: t.Peer.Addr(), Gateway: t.Local.Addr(), Instance: t.Instance, State: "Enabled",
			})
		}
		addTunnel(&s.Destinations[d], t)
		s.Summary.ControlRx = plus(s.Summary.ControlRx, t.ControlRx)
		s.Summary.ControlTx = plus(s.Summary.ControlTx, t.ControlTx)
	}
	s.Summary.Tunnels, s.Summary.Sessions = len(s.Tunnels), len(s.Sessions)
	for i := range s.Subscribers {
		r := &s.Subscribers[i]
		s.Summary.States[r.State]++
		s.Summary.Interfaces[r.Interface]++
		s.Summary.ByInstance[r.Instance]++
	}
	c := &s.Summary.Counters
	c.AuthAccepted, c.AuthRejected, c.AuthUnknownUser = uint64(len(s.Subscribers)), 2, 1
	c.Ended[lns.CauseReceivedCDN], c.Ended[lns.CauseKeepalive] = 3, 1
	s.Groups = []lns.GroupRow{{
		Name: "tg1", Gateway: "192.0.2.1", GatewayName: "lns1", Clients: "lacs", AAA: "aaa-profile", Profile: "lns-profile",
		Interfaces: []string{"si-1/0/0", "si-1/1/0"}, Tunnels: len(s.Tunnels), Sessions: len(s.Sessions),
	}}
	s.Clients = []lns.ClientRow{{Profile: "lacs", Name: "default", Tunnels: len(s.Tunnels), Sessions: len(s.Sessions), SessionMax: 30000}}
	s.Pools = []lns.PoolRow{{Name: "pool-v4", Instance: "default", Linked: "pool-v4-b", Used: uint64(len(s.Subscribers))}}
	if home {
		s.Pools[0].Total = 65534
		s.Pools[0].OutOfAddresses = 2
	}
}

func addTunnel(d *lns.DestinationRow, t *lns.TunnelRow) {
	d.Tunnels++
	d.TunnelsTotal++
	d.Sessions += t.Sessions
	d.SessionsTotal += uint64(t.Sessions)
	d.ControlRx, d.ControlTx = plus(d.ControlRx, t.ControlRx), plus(d.ControlTx, t.ControlTx)
}

func plus(a, b lns.Volume) lns.Volume {
	return lns.Volume{Packets: a.Packets + b.Packets, Bytes: a.Bytes + b.Bytes}
}

// addCalls makes the admission of a shard whose every subscriber has called
// twice: the first calls have waited too long, the odd ones been given up.
func (s *Shard) addCalls(shard int) {
	n := uint64(len(s.Subscribers))
	s.Admission = lns.AdmissionRow{
		Shard: shard, Enabled: true, RADIUSWindow: 16, DearSteps: 5 * n, StaleSteps: uint64(shard),
		Snapshot: admission.Snapshot{
			Slots: 64, SetUpLatency: 12 * time.Millisecond, SetUpFloor: 8 * time.Millisecond,
			Counters: admission.Counters{
				Offered: 2 * n, Admitted: n, Up: n, Withdrawn: n / 2, Expired: n - n/2, Silent: 1, SlotsGrown: 3, SlotsShrunk: 1,
			},
		},
	}
	for i := range 100 { // of a hundred the last waited long, in the later shards longer
		waited := 40 * time.Millisecond
		if i >= 98 {
			waited = time.Duration(shard+1) * 900 * time.Millisecond
		}
		s.Admission.Waits.Count(waited)
		s.Admission.SetUps.Count(12 * time.Millisecond)
	}
	for i := len(s.Subscribers) - 1; i >= 0; i-- { // the newest first
		r := &s.Subscribers[i]
		c := lns.CallRow{
			At: time.Hour - time.Duration(2*i+shard)*time.Second, Shard: shard, Calling: r.Calling, CircuitID: r.CircuitID, Group: "tg1",
			Peer: r.Peer, PeerName: r.PeerName, Tunnel: r.TunnelLocalID, Session: r.SessionLocalID + 1,
			Waited: 8 * time.Second, Lasted: 8 * time.Second,
		}
		cause := lns.CauseExpired
		if i%2 == 1 {
			cause, c.Waited, c.Lasted = lns.CauseReceivedCDN, 6100*time.Millisecond, 6500*time.Millisecond
			c.User = r.User
		}
		c.Cause = cause.String()
		s.Summary.Counters.Failed[cause]++
		s.Calls = append(s.Calls, c)
	}
	byPeer := map[netip.Addr]int{}
	for i := range s.Subscribers {
		peer := s.Subscribers[i].Peer
		at, known := byPeer[peer]
		if !known {
			at = len(s.Admission.LACs)
			byPeer[peer] = at
			s.Admission.LACs = append(s.Admission.LACs, admission.LACShare{Address: peer, Patience: 8 * time.Second})
		}
		s.Admission.LACs[at].Admitted++
	}
}
