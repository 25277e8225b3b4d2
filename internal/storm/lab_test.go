// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"container/heap"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/wheel"
	"holdfast/l2tp"
	"holdfast/ppp"
)

var (
	epoch   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	gateway = netip.MustParseAddrPort("192.0.2.1:1701")
	inside  = netip.MustParseAddr("198.51.100.1")
	targets = []netip.AddrPort{
		netip.MustParseAddrPort("203.0.113.1:7"), netip.MustParseAddrPort("203.0.113.1:0"),
		netip.MustParseAddrPort("[2001:db8::1]:7"), netip.MustParseAddrPort("[2001:db8::1]:0"),
	}
)

// lab is a LAC, a small LNS and a network between them, under simulated time.
type lab struct {
	t     testing.TB
	now   time.Time
	rand  *rand.Rand
	lac   *LAC
	lns   *testLNS
	fx    Effects
	net   flight
	order int
	seen  uint64 // hash of everything the LAC has sent

	delay time.Duration
	loss  float64
	cut   bool // nothing gets through
}

func newLab(t testing.TB, plan Plan) *lab {
	t.Helper()
	plan.LNS = []netip.AddrPort{gateway}
	plan = plan.WithDefaults()
	if err := plan.Check(); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(plan.Seed, 99))
	b := &lab{t: t, now: epoch, rand: r, delay: 5 * time.Millisecond}
	b.lac = NewLAC(&plan, 0, netip.MustParseAddrPort("192.0.2.11:1701"), b.now)
	b.lns = newTestLNS(&plan, r, b.now)
	return b
}

// start begins to dial.
func (b *lab) start() *lab {
	b.lac.Start(b.now, &b.fx)
	b.collect()
	return b
}

// run goes on until done reports true, or for d.
func (b *lab) run(d time.Duration, done func(s *Snapshot) bool) bool {
	end := b.now.Add(d)
	for {
		if s := b.lac.Snapshot(); done != nil && done(&s) {
			return true
		}
		next := earlier(b.lac.Next(), b.lns.next())
		if len(b.net) > 0 {
			next = earlier(next, b.net[0].at)
		}
		if next.IsZero() || next.After(end) {
			b.now = end
			return false
		}
		if next.After(b.now) {
			b.now = next
		}
		b.step()
	}
}

// step does everything that is due now.
func (b *lab) step() {
	var toLAC, toLNS []packet.Datagram
	for len(b.net) > 0 && !b.net[0].at.After(b.now) {
		if d := heap.Pop(&b.net).(flying); d.Peer == gateway {
			toLNS = append(toLNS, turn(d.Datagram))
		} else {
			toLAC = append(toLAC, turn(d.Datagram))
		}
	}
	b.lns.handle(b.now, toLNS)
	b.lac.Advance(b.now, &b.fx)
	b.collect()
	if len(toLAC) > 0 {
		b.lac.Handle(b.now, toLAC, &b.fx)
	}
	b.collect()
}

// turn is a datagram as its receiver sees it.
func turn(d packet.Datagram) packet.Datagram {
	d.Peer, d.Local = d.Local, d.Peer
	return d
}

// collect puts what both ends have sent on the way.
func (b *lab) collect() {
	h := fnv.New64a()
	var seen [8]byte
	binary.BigEndian.PutUint64(seen[:], b.seen)
	h.Write(seen[:])
	for _, d := range b.fx.Transmit {
		h.Write(d.Data)
	}
	b.seen = h.Sum64()
	for _, list := range [][]packet.Datagram{b.fx.Transmit, b.lns.out} {
		for _, d := range list {
			if b.cut || b.rand.Float64() < b.loss {
				continue
			}
			b.order++
			d.Data = append([]byte(nil), d.Data...)
			heap.Push(&b.net, flying{Datagram: d, at: b.now.Add(b.delay), order: b.order})
		}
	}
	b.fx.Reset()
	b.lns.out = b.lns.out[:0]
}

func (b *lab) want(why string, got, want any) {
	b.t.Helper()
	if got != want {
		s := b.lac.Snapshot()
		b.t.Fatalf("%s: %v, want %v\n%+v\nup %d, in flight %d", why, got, want, s.Counters, s.Sessions, s.InFlight)
	}
}

// flying is a datagram on its way; flight is a heap of them.
type flying struct {
	packet.Datagram
	at    time.Time
	order int
}
type flight []flying

func (f flight) Len() int      { return len(f) }
func (f flight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f flight) Less(i, j int) bool {
	return f[i].at.Before(f[j].at) || f[i].at.Equal(f[j].at) && f[i].order < f[j].order
}
func (f *flight) Push(x any) { *f = append(*f, x.(flying)) }
func (f *flight) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}

// testLNS answers tunnels and calls as an LNS does, with one password for all,
// and echoes the traffic.
type testLNS struct {
	endpoint *l2tp.Endpoint
	tunnel   l2tp.TunnelConfig
	link     ppp.Config
	password string
	links    []ppp.Link // by element
	up       []bool
	tunnels  []l2tp.TunnelID
	timers   *wheel.Wheel
	fx       l2tp.Effects
	pfx      ppp.Effects
	out      []packet.Datagram

	refuse uint16         // Result Code of a CDN for every call; 0: accept
	mute   bool           // acknowledge calls and say nothing more
	user   map[string]int // log-ins by name
	number map[string]int // calls by calling number
	damage bool           // change an octet of every echo

	clearIn ppp.Phase             // clear calls that have come so far; dead: none
	denial  *l2tp.DisconnectCause // say no to every name and password, and this in the CDN

	proxyLCP, proxyAuth int // taken over from the LAC
}

func newTestLNS(plan *Plan, r *rand.Rand, now time.Time) *testLNS {
	return &testLNS{
		endpoint: l2tp.New(l2tp.Config{Rand: r}),
		tunnel:   l2tp.TunnelConfig{HostName: "lns", Secret: plan.Secret, Authenticate: plan.Secret != ""},
		link: ppp.Config{
			Role: ppp.Authenticator, Rand: r, HostName: "lns", Auth: []ppp.AuthMethod{ppp.CHAP, ppp.MSCHAPv2, ppp.PAP},
			EchoInterval: -1,
		},
		password: plan.Password,
		timers:   wheel.New(time.Millisecond, now),
		user:     map[string]int{},
		number:   map[string]int{},
	}
}

func (n *testLNS) next() time.Time { return earlier(n.endpoint.Next(), n.timers.Next()) }

func (n *testLNS) handle(now time.Time, batch []packet.Datagram) {
	for _, d := range batch {
		n.endpoint.Handle(now, d.Peer, d.Local, d.Data, &n.fx)
	}
	n.endpoint.Advance(now, &n.fx)
	n.carryOut(now, 0)
	from := len(n.fx.List)
	n.timers.Advance(now, func(id uint32) {
		n.links[id].Advance(now, &n.pfx)
		n.linkEffects(now, l2tp.Element(id))
	})
	n.endpoint.Flush(now, &n.fx)
	n.carryOut(now, from)
	n.fx.Reset()
}

func (n *testLNS) carryOut(now time.Time, from int) {
	for i := from; i < len(n.fx.List); i++ {
		e := n.fx.List[i]
		switch e.Kind {
		case l2tp.Send:
			n.out = append(n.out, packet.Datagram{Data: append([]byte(nil), e.Packet...), Peer: e.Peer, Local: e.Local})
		case l2tp.TunnelRequested:
			n.endpoint.AcceptTunnel(now, e.Tunnel, &n.tunnel, &n.fx)
		case l2tp.TunnelUp:
			n.tunnels = append(n.tunnels, e.Tunnel)
		case l2tp.CallRequested:
			n.call(now, e.Element)
		case l2tp.CallUp:
			l := n.linkOf(e.Element)
			l.Init(&n.link, nil)
			n.up[e.Element] = true
			n.begin(now, e.Element, l)
			n.linkEffects(now, e.Element)
			n.clear(now, e.Element)
		case l2tp.CallDown:
			if int(e.Element) < len(n.links) {
				n.links[e.Element].Abort(now)
				n.up[e.Element] = false
			}
		case l2tp.Data:
			n.frame(now, e.Element, e.Packet)
		}
	}
}

// begin takes over what the LAC has negotiated, or negotiates.
func (n *testLNS) begin(now time.Time, el l2tp.Element, l *ppp.Link) {
	info, _ := n.endpoint.Session(el)
	if info.Call == nil || info.Call.ProxyLCP == nil {
		l.Open(now, &n.pfx)
		return
	}
	p := info.Call.ProxyLCP
	if !l.OpenProxy(now, ppp.Proxy{LastSent: p.LastSent, LastReceived: p.LastReceived}, &n.pfx) {
		return
	}
	n.proxyLCP++
	if a := info.Call.ProxyAuth; a != nil {
		n.proxyAuth++
		o := ppp.AuthOffer{Method: ppp.PAP, Name: a.Name, ID: a.ID, Password: string(a.Response)}
		if a.Type == proxyAuthCHAP {
			o = ppp.AuthOffer{Method: ppp.CHAP, Name: a.Name, ID: a.ID, Challenge: a.Challenge, Response: a.Response}
		}
		l.ProxyAuth(now, o, &n.pfx)
	}
}

// closeTunnel has the LNS close a tunnel; what it sends leaves with its next batch.
func (n *testLNS) closeTunnel(now time.Time, id l2tp.TunnelID) {
	n.endpoint.CloseTunnel(now, id, l2tp.Result{Code: 6}, &n.fx)
	n.carryOut(now, 0)
	n.fx.Reset()
}

func (n *testLNS) call(now time.Time, el l2tp.Element) {
	info, ok := n.endpoint.Session(el)
	if !ok || info.Call == nil {
		return // cleared in the same batch
	}
	n.number[info.Call.CallingNumber]++
	switch {
	case n.refuse != 0:
		n.endpoint.CloseCall(now, el, l2tp.Result{Code: n.refuse}, &l2tp.DisconnectCause{Code: 17, Protocol: 0xc021, Message: "busy"}, &n.fx)
	case !n.mute:
		n.endpoint.AcceptCall(now, el, &n.fx)
	}
}

func (n *testLNS) linkOf(el l2tp.Element) *ppp.Link {
	for int(el) >= len(n.links) {
		n.links = append(n.links, ppp.Link{})
		n.up = append(n.up, false)
	}
	return &n.links[el]
}

func (n *testLNS) frame(now time.Time, el l2tp.Element, frame []byte) {
	if int(el) >= len(n.up) || !n.up[el] {
		return
	}
	if p, ip, ok := ppp.ParseFrame(frame); ok && (p == ppp.ProtoIPv4 || p == ppp.ProtoIPv6) {
		n.echo(el, p, ip)
		return
	}
	n.links[el].Handle(now, frame, &n.pfx)
	n.linkEffects(now, el)
	n.clear(now, el)
}

// clear ends a call that has come as far as clearIn.
func (n *testLNS) clear(now time.Time, el l2tp.Element) {
	if n.clearIn != ppp.PhaseDead && n.links[el].Phase() == n.clearIn {
		n.up[el] = false
		n.endpoint.CloseCall(now, el, l2tp.Result{Code: 2, Error: 4, Message: "enough"}, nil, &n.fx)
	}
}

func (n *testLNS) linkEffects(now time.Time, el l2tp.Element) {
	l := &n.links[el]
	for i := 0; i < len(n.pfx.List); i++ {
		switch e := n.pfx.List[i]; e.Kind {
		case ppp.SendFrame:
			n.send(el, e.Frame)
		case ppp.AuthRequest:
			n.user[e.Auth.Name]++
			v := ppp.Check(e.Auth, n.password)
			if n.denial != nil {
				v = ppp.Verdict{Message: "not available"}
			}
			l.Authenticated(now, v, &n.pfx)
			if v.OK {
				l.Grant(now, ppp.Network{
					LocalIPv4: inside, PeerIPv4: netip.AddrFrom4([4]byte{100, 64, byte(el >> 8), byte(el)}),
					LocalIfID: 1, PeerIfID: uint64(el) + 2, IPv6: true,
				}, &n.pfx)
			}
		case ppp.Down:
			n.up[el] = false
			n.endpoint.CloseCall(now, el, l2tp.Result{Code: 1}, n.denial, &n.fx)
		}
	}
	n.pfx.Reset()
	n.timers.Set(uint32(el), l.Next())
}

func (n *testLNS) send(el l2tp.Element, frame []byte) {
	if peer, local, _, _, _, ok := n.endpoint.DataHeader(el); ok {
		n.out = append(n.out, packet.Datagram{Data: n.endpoint.AppendData(nil, el, frame), Peer: peer, Local: local})
	}
}

// echo answers an IP packet: pings, UDP and Router Solicitations.
func (n *testLNS) echo(el l2tp.Element, p ppp.Protocol, ip []byte) {
	frame := append([]byte{0xff, 3, byte(p >> 8), byte(p)}, ip...)
	ip = frame[4:]
	src, dst, off := ip[12:16], ip[16:20], 20
	if p == ppp.ProtoIPv6 {
		src, dst, off = ip[8:24], ip[24:40], 40
	}
	if protocolIn(ip) == protoICMPv6 && ip[off] == routerSolicitation {
		n.send(el, append([]byte{0xff, 3, 0, 0x57}, advertisement(el)...))
		return
	}
	keep := append([]byte(nil), src...)
	copy(src, dst)
	copy(dst, keep)
	switch protocolIn(ip) {
	case protoUDP:
		a, b := binary.BigEndian.Uint16(ip[off:]), binary.BigEndian.Uint16(ip[off+2:])
		binary.BigEndian.PutUint16(ip[off:], b)
		binary.BigEndian.PutUint16(ip[off+2:], a)
	case protoICMP:
		ip[off] = echoReply4
	case protoICMPv6:
		ip[off] = echoReply6
	}
	ip[off+2+4*boolInt(protocolIn(ip) == protoUDP)] = 0
	ip[off+3+4*boolInt(protocolIn(ip) == protoUDP)] = 0
	seal(ip, off)
	if n.damage {
		ip[len(ip)-1] ^= 1
	}
	n.send(el, frame)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// advertisement is a Router Advertisement with the /64 2001:db8:0:EL::.
func advertisement(el l2tp.Element) []byte {
	const size = 40 + 16 + 32
	b := appendIPHeader(nil, linkLocal(1), netip.MustParseAddr("ff02::1"), size, protoICMPv6, 255)
	b = append(b, routerAdvertisement, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, 3, 4, 64, 0x40, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0)
	b = append(b, 0x20, 1, 0xd, 0xb8, 0, 0, byte(el>>8), byte(el), 0, 0, 0, 0, 0, 0, 0, 0)
	seal(b, 40)
	return b
}
