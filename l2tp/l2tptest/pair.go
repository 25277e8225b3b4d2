// SPDX-License-Identifier: Apache-2.0

package l2tptest

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"holdfast/l2tp"
)

// Epoch is when a Pair's time begins.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// End is an Endpoint and its owner. The owner accepts whatever it is asked, with
// Config, unless a hook says otherwise, and remembers what it was told.
type End struct {
	*l2tp.Endpoint
	Name    string
	Addr    netip.AddrPort
	Config  *l2tp.TunnelConfig
	Connect *l2tp.Call // for ConnectCall on CallAccepted, as a LAC
	Weather Weather    // of what this end sends
	FX      l2tp.Effects

	OnTunnel func(l2tp.Effect) // in place of AcceptTunnel
	OnCall   func(l2tp.Effect) // in place of AcceptCall
	OnAccept func(l2tp.Effect) // in place of ConnectCall
	OnData   func(l2tp.Effect) // Packet is valid during the call

	Events []l2tp.Effect // all but Send and Data
	Frames int           // Data
	Sent   int           // datagrams
}

// Pair is a LAC and an LNS with a link between them.
type Pair struct {
	LAC, LNS *End
	Now      time.Time
	Rand     *rand.Rand
	Trace    func(line string) // called with each datagram and effect; nil: not
	Tap      func(from *End, to netip.AddrPort, b []byte)

	link link
}

// New makes a pair whose every choice follows from seed. Config.Rand is set here.
func New(seed uint64, cfg l2tp.Config) *Pair {
	p := &Pair{Now: Epoch, Rand: rand.New(rand.NewPCG(seed, 1))}
	p.link.rng = rand.New(rand.NewPCG(seed, 2))
	end := func(name, addr string, stream uint64) *End {
		c := cfg
		c.Rand = rand.New(rand.NewPCG(seed, stream))
		return &End{
			Endpoint: l2tp.New(c), Name: name, Addr: netip.MustParseAddrPort(addr),
			Config: &l2tp.TunnelConfig{HostName: name}, Connect: &l2tp.Call{TxSpeed: 10_000_000, RxSpeed: 1_000_000},
		}
	}
	p.LAC, p.LNS = end("lac", "192.0.2.1:1701", 3), end("lns", "198.51.100.1:1701", 4)
	return p
}

// SetWeather gives both directions the same weather.
func (p *Pair) SetWeather(w Weather) { p.LAC.Weather, p.LNS.Weather = w, w }

// Open has the LAC open a tunnel to the LNS.
func (p *Pair) Open() l2tp.TunnelID {
	id, err := p.LAC.OpenTunnel(p.Now, p.LNS.Addr, p.LAC.Addr, p.LAC.Config, &p.LAC.FX)
	if err != nil {
		panic(err)
	}
	p.Settle()
	return id
}

// Call has the LAC open a call in a tunnel.
func (p *Pair) Call(id l2tp.TunnelID, call *l2tp.Call) l2tp.Element {
	el, err := p.LAC.OpenCall(p.Now, id, call, &p.LAC.FX)
	if err != nil {
		panic(err)
	}
	p.Settle()
	return el
}

// Settle carries out the effects of verbs that a test has called, now.
func (p *Pair) Settle() {
	p.carryOut(p.LAC, true)
	p.carryOut(p.LNS, true)
}

// Inject puts a datagram in front of an end as if it came from peer, now.
func (p *Pair) Inject(to *End, peer netip.AddrPort, b []byte) {
	p.trace(to, peer, true, b)
	to.Handle(p.Now, peer, to.Addr, b, &to.FX)
	p.carryOut(to, true)
}

// Run lets time pass.
func (p *Pair) Run(d time.Duration) { p.RunUntil(p.Now.Add(d), nil) }

// RunUntil lets time pass until deadline or, earlier, until done says so.
func (p *Pair) RunUntil(deadline time.Time, done func() bool) bool {
	p.Settle()
	for done == nil || !done() {
		next := earliest(p.link.next(), p.LAC.Next(), p.LNS.Next())
		if next.IsZero() || next.After(deadline) {
			p.Now = deadline
			return false
		}
		if next.After(p.Now) {
			p.Now = next
		}
		p.step()
	}
	return true
}

// step does what is due now.
func (p *Pair) step() {
	for at := p.link.next(); !at.IsZero() && !at.After(p.Now); at = p.link.next() {
		d := p.link.arrive()
		for _, e := range []*End{p.LAC, p.LNS} {
			if e.Addr == d.to {
				p.trace(e, d.from, true, d.b)
				e.Handle(p.Now, d.from, e.Addr, d.b, &e.FX)
				p.carryOut(e, false)
			}
		}
	}
	for _, e := range []*End{p.LAC, p.LNS} {
		e.Advance(p.Now, &e.FX)
		p.carryOut(e, true)
	}
}

// carryOut does what an end asks for, with flush at the end of a batch.
func (p *Pair) carryOut(e *End, flush bool) {
	done := 0
	for {
		for ; done < len(e.FX.List); done++ {
			p.effect(e, e.FX.List[done])
		}
		if !flush {
			break
		}
		flush = false
		e.Flush(p.Now, &e.FX)
	}
	e.FX.Reset()
}

// effect is the owner of an end.
func (p *Pair) effect(e *End, f l2tp.Effect) {
	switch f.Kind {
	case l2tp.Send:
		e.Sent++
		p.trace(e, f.Peer, false, f.Packet)
		if p.Tap != nil {
			p.Tap(e, f.Peer, f.Packet)
		}
		p.link.send(p.Now, e.Weather, f.Local, f.Peer, f.Packet)
		return
	case l2tp.Data:
		e.Frames++
		if e.OnData != nil {
			e.OnData(f)
		}
		return
	}
	p.tell(e, f)
	e.Events = append(e.Events, f)
	switch f.Kind {
	case l2tp.TunnelRequested:
		if e.OnTunnel != nil {
			e.OnTunnel(f)
		} else {
			e.AcceptTunnel(p.Now, f.Tunnel, e.Config, &e.FX)
		}
	case l2tp.CallRequested:
		if e.OnCall != nil {
			e.OnCall(f)
			return
		}
		e.AcceptCall(p.Now, f.Element, &e.FX)
		if s, ok := e.Session(f.Element); ok && s.Call.Outgoing {
			e.ConnectCall(p.Now, f.Element, e.Connect, &e.FX)
		}
	case l2tp.CallAccepted:
		if e.OnAccept != nil {
			e.OnAccept(f)
		} else if s, ok := e.Session(f.Element); ok && !s.LNS {
			e.ConnectCall(p.Now, f.Element, e.Connect, &e.FX)
		}
	}
}

// Count is how many events of a kind an end has been told.
func (e *End) Count(kind l2tp.EffectKind) (n int) {
	for _, f := range e.Events {
		if f.Kind == kind {
			n++
		}
	}
	return n
}

// Last is the last event of a kind.
func (e *End) Last(kind l2tp.EffectKind) (f l2tp.Effect, ok bool) {
	for _, g := range e.Events {
		if g.Kind == kind {
			f, ok = g, true
		}
	}
	return f, ok
}

func earliest(at ...time.Time) (first time.Time) {
	for _, t := range at {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
