// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
	"holdfast/ppp/wire"
)

// world is an engine with a LAC before it, under simulated time and with fixed
// dice: what goes over the wire, into the plane and into the log depends on the
// configuration and on nothing else.
type world struct {
	now    time.Time
	engine *lns.Engine
	fx     lns.Effects
	seen   strings.Builder // what a LAC, a subscriber, the core and the log see

	lac   *l2tp.Endpoint
	lacFx l2tp.Effects
	from  netip.AddrPort // where the LAC sends from
	toLNS []packet.Datagram
	toLAC []packet.Datagram
	mute  bool // nothing reaches the LAC
	busy  bool // the shard has other work than to begin calls

	slowDisk bool // accounting does not get to the disk
	chooses  bool // RADIUS lets subscribers choose their address
	up       map[l2tp.TunnelID]bool
	modems   map[l2tp.Element]*modem
	number   string     // the Calling Number of the next ICRQs
	call     *l2tp.Call // what the next ICCNs carry
}

// modem is a subscriber's PPP client.
type modem struct {
	link    ppp.Link
	element l2tp.Element
	rewrite func(frame []byte) []byte // what is odd about it; nil: nothing
	silent  bool
	quiet   bool // does not open LCP by itself
}

var (
	worldEpoch   = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	worldGateway = netip.MustParseAddrPort("192.0.2.1:1701")
	worldLAC     = netip.MustParseAddrPort("203.0.113.10:1701")
)

func newWorld(cfg *lns.Config) *world {
	return &world{
		now: worldEpoch,
		engine: lns.New(lns.Options{
			Config: cfg, Shards: 1, Rand: rand.New(rand.NewPCG(1, 1)), Now: worldEpoch, Epoch: 1,
		}),
		lac:    l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(2, 2))}),
		from:   worldLAC,
		up:     make(map[l2tp.TunnelID]bool),
		modems: make(map[l2tp.Element]*modem),
	}
}

func (w *world) note(format string, args ...any) {
	fmt.Fprintf(&w.seen, "%v "+format+"\n", append([]any{w.now.Sub(worldEpoch)}, args...)...)
}

// carry carries out the engine's effects and notes those that others see.
func (w *world) carry() {
	fx := &w.fx
	for _, s := range fx.Install {
		w.note("install %+v", s)
	}
	for _, k := range fx.Remove {
		w.note("remove %v", k)
	}
	for _, r := range fx.Log {
		w.note("log %v", r.ID)
	}
	for _, d := range fx.Transmit {
		w.note("send %v %x", d.Peer, d.Data)
		d.Data = append([]byte(nil), d.Data...)
		w.toLAC = append(w.toLAC, d)
	}
	asked, records := append([]lns.AuthQuery(nil), fx.Authenticate...), append([]lns.AccountRecord(nil), fx.Account...)
	read := append([]uint32(nil), fx.Read...)
	fx.Reset()
	w.ask(asked)
	w.account(records)
	if len(read) > 0 {
		w.engine.Traffic(w.now, read, make([]forward.Counters, len(read)), fx)
		w.carry()
	}
}

// run delivers what is on the wire until nothing moves.
func (w *world) run() {
	for {
		w.lac.Flush(w.now, &w.lacFx)
		w.settle()
		if len(w.toLNS)+len(w.toLAC) == 0 {
			return
		}
		up, down := w.toLNS, w.toLAC
		w.toLNS, w.toLAC = nil, nil
		if len(up) > 0 {
			w.engine.Packets(w.now, up, &w.fx)
			w.begin()
			w.carry()
		}
		for _, d := range down {
			if !w.mute {
				w.lac.Handle(w.now, worldGateway, worldLAC, d.Data, &w.lacFx)
				w.settle()
			}
		}
	}
}

// begin sets up what may be set up, when there is nothing else to do.
func (w *world) begin() {
	for !w.busy && w.engine.Begin(w.now, &w.fx) {
	}
}

// advance lets time pass, stopping at each deadline on the way.
func (w *world) advance(d time.Duration) {
	for end := w.now.Add(d); ; {
		w.run()
		next := earliest(end, w.engine.Next(), w.lac.Next())
		for _, m := range w.modems {
			next = earliest(next, m.link.Next())
		}
		if next.After(w.now) {
			w.now = next
		}
		w.engine.Advance(w.now, &w.fx)
		w.begin()
		w.carry()
		w.lac.Advance(w.now, &w.lacFx)
		w.settle()
		for e := range l2tp.Element(4096) {
			if m := w.modems[e]; m != nil && !m.link.Next().IsZero() && !m.link.Next().After(w.now) {
				var fx ppp.Effects
				m.link.Advance(w.now, &fx)
				w.pppEffects(m, &fx)
			}
		}
		if !w.now.Before(end) {
			w.run()
			return
		}
	}
}

func earliest(a time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if !t.IsZero() && t.Before(a) {
			a = t
		}
	}
	return a
}

// settle carries out what the LAC wants.
func (w *world) settle() {
	for i := 0; i < len(w.lacFx.List); i++ {
		switch ef := w.lacFx.List[i]; ef.Kind {
		case l2tp.Send:
			w.toLNS = append(w.toLNS, packet.Datagram{Data: append([]byte(nil), ef.Packet...), Peer: w.from, Local: worldGateway, At: w.now})
		case l2tp.TunnelUp:
			w.up[ef.Tunnel] = true
		case l2tp.TunnelDown:
			delete(w.up, ef.Tunnel)
		case l2tp.CallAccepted:
			w.lac.ConnectCall(w.now, ef.Element, w.call, &w.lacFx)
		case l2tp.CallUp:
			if m := w.modems[ef.Element]; !m.quiet {
				var fx ppp.Effects
				m.link.Open(w.now, &fx)
				w.pppEffects(m, &fx)
			}
		case l2tp.CallDown:
			delete(w.modems, ef.Element)
		case l2tp.Data:
			if m := w.modems[ef.Element]; m != nil && !m.silent {
				var fx ppp.Effects
				m.link.Handle(w.now, ef.Packet, &fx)
				w.pppEffects(m, &fx)
			}
		}
	}
	w.lacFx.Reset()
}

func (w *world) pppEffects(m *modem, fx *ppp.Effects) {
	for _, ef := range fx.List {
		switch {
		case ef.Kind == ppp.Down:
			w.lac.CloseCall(w.now, m.element, l2tp.Result{Code: 1}, nil, &w.lacFx)
		case ef.Kind == ppp.SendFrame && !m.silent:
			frame := append([]byte(nil), ef.Frame...)
			if m.rewrite != nil {
				frame = m.rewrite(frame)
			}
			if frame == nil {
				continue
			}
			d := packet.Datagram{Data: w.lac.AppendData(nil, m.element, frame), Peer: w.from, Local: worldGateway, At: w.now}
			w.toLNS = append(w.toLNS, d)
		}
	}
}

// tunnel opens a tunnel; it is up a little later, if it may.
func (w *world) tunnel() l2tp.TunnelID {
	id, err := w.lac.OpenTunnel(w.now, worldGateway, worldLAC, &l2tp.TunnelConfig{
		HostName: "lac1", Secret: "lac-secret", Authenticate: true, ReceiveWindow: 128,
	}, &w.lacFx)
	if err != nil {
		panic(err)
	}
	w.settle()
	w.run()
	return id
}

// dial starts a call for a modem that is willing to use the methods.
func (w *world) dial(id l2tp.TunnelID, user, password string, methods ...ppp.AuthMethod) *modem {
	if len(methods) == 0 {
		methods = []ppp.AuthMethod{ppp.CHAP, ppp.PAP, ppp.MSCHAPv2}
	}
	m := &modem{}
	m.link.Init(&ppp.Config{
		Role: ppp.Peer, Rand: rand.New(rand.NewPCG(3, uint64(len(w.modems)))), Auth: methods,
		IPCP: true, IPV6CP: true, SuggestDNS: true, EchoInterval: 20 * time.Second,
	}, &ppp.Credentials{Name: user, Password: password})
	element, err := w.lac.OpenCall(w.now, id, &l2tp.Call{Serial: 1, BearerType: 1, CallingNumber: w.number}, &w.lacFx)
	if err != nil {
		return m // the tunnel did not come up, or has gone
	}
	m.element = element
	w.modems[element] = m
	if w.call == nil {
		w.call = &l2tp.Call{TxSpeed: 100e6, RxSpeed: 40e6, FramingType: 1}
	}
	w.settle()
	return m
}

// login dials and lets the modem come up.
func (w *world) login(id l2tp.TunnelID, user string, methods ...ppp.AuthMethod) *modem {
	m := w.dial(id, user, "alice-secret", methods...)
	w.advance(time.Second)
	return m
}

// look notes what an operator sees of sessions and tunnels: who is where, in
// which state. What merely repeats the configuration is left out.
func (w *world) look() {
	for _, r := range []*lns.Request{
		{Kind: lns.ShowTunnels}, {Kind: lns.ShowSessions}, {Kind: lns.ShowSubscribers},
		{Kind: lns.ShowSubscribers, Filter: lns.Filter{State: lns.StateTerminated, HasState: true}},
	} {
		r.Limit = 10000
		w.engine.Request(w.now, r, &w.fx)
		w.carry()
		for _, t := range r.Tunnels {
			w.note("tunnel %d %s", t.LocalID, t.State)
		}
		for _, s := range r.Subscribers {
			w.note("subscriber %s %v on %s", s.User, s.State, s.Interface)
		}
		for _, s := range r.Sessions {
			w.note("session %d", s.LocalID)
		}
	}
}

// rewritten makes a modem that changes the options of its IPCP Configure-Requests.
func rewritten(options func([]byte) []byte) func([]byte) []byte {
	return func(frame []byte) []byte {
		protocol, payload, ok := ppp.ParseFrame(frame)
		p, err := wire.ParsePacket(payload)
		if !ok || err != nil || protocol != ppp.ProtoIPCP || p.Code != wire.ConfigureRequest {
			return frame
		}
		p.Data = options(append([]byte(nil), p.Data...))
		return wire.AppendPacket([]byte{0xff, 0x03, 0x80, 0x21}, p)
	}
}

// wrongMagic spoils the magic number of echoes.
func wrongMagic(frame []byte) []byte {
	protocol, payload, _ := ppp.ParseFrame(frame)
	if p, err := wire.ParsePacket(payload); err == nil && protocol == ppp.ProtoLCP && (p.Code == wire.EchoRequest || p.Code == wire.EchoReply) {
		payload[4] ^= 0xff // payload is part of frame
	}
	return frame
}

// chapProxy is what a LAC hands over that has done LCP and CHAP for alice.
func chapProxy() *l2tp.Call {
	challenge := []byte("0123456789abcdef")
	sum := md5.Sum([]byte("\x07alice-secret" + string(challenge)))
	received := wire.AppendOption32(wire.AppendOption16(nil, wire.OptionMRU, 1492), wire.OptionMagic, 0x01020304)
	sent := wire.AppendOption(wire.AppendOption16(nil, wire.OptionMRU, 1492), wire.OptionAuth, 0xc2, 0x23, 5)
	sent = wire.AppendOption32(sent, wire.OptionMagic, 0x0a0b0c0d)
	return &l2tp.Call{
		TxSpeed: 1e6, FramingType: 1,
		ProxyLCP:  &l2tp.ProxyLCP{InitialReceived: received, LastSent: sent, LastReceived: received},
		ProxyAuth: &l2tp.ProxyAuth{Type: 2, Name: "alice", Challenge: challenge, ID: 7, Response: sum[:]},
	}
}

// The world must be the same every time, and for a configuration that says the
// same in other words, or differences would prove nothing.
func TestWorldIsDeterministic(t *testing.T) {
	tree, one := load(t, "base", []byte(baseText()))
	_, other := load(t, "base", []byte(tree.Text()+`
		/* What follows is named by nobody, inactive, or the default. */
		access profile unused { client lac1; authentication-order none; }
		services l2tp { inactive: drain; destruct-timeout 300; }
		interfaces si-9/0/0;
	`))
	for _, s := range scenarios {
		seen := s.watch(one.LNS)
		if seen == "" || seen != s.watch(one.LNS) || seen != s.watch(other.LNS) {
			t.Errorf("%s: two runs differ", s.name)
		}
	}
}
