// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// epoch is when simulated time begins.
var epoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// Addresses of the tests.
var (
	lnsAddr  = netip.MustParseAddr("192.0.2.1")
	userAddr = netip.MustParseAddr("198.51.100.7")
	dns1     = netip.MustParseAddr("192.0.2.53")
	dns2     = netip.MustParseAddr("192.0.2.54")
)

// standard is what an owner usually grants.
var standard = Network{
	LocalIPv4: lnsAddr, PeerIPv4: userAddr, DNS: [2]netip.Addr{dns1, dns2},
	LocalIfID: 1, IPv6: true,
}

// pair is two ends of a simulated wire: end 0 is the Authenticator, whose owner
// knows the secret "secret" and grants a Network; end 1 is the Peer.
type pair struct {
	rand  *rand.Rand
	loss  float64       // probability that a frame is lost
	delay time.Duration // one way
	now   time.Time
	wire  []frame

	end  [2]Link
	cfg  [2]Config
	cred Credentials
	fx   [2]Effects

	secret  string
	network Network
	slow    time.Duration // the owner's time for a verdict
	verdict []pendingVerdict

	log       []string       // effects other than SendFrame, "end effect detail"
	sent      [2]int         // frames sent
	asked     int            // AuthRequests
	down      [2]error       // from Down
	networks  [2][2]bool     // IPCP and IPV6CP up
	onFrame   func(f *frame) // looks at, or changes, each frame that is sent; a nil b drops it
	onEffects func(end int, e Effect)
}

type frame struct {
	at time.Time
	to int
	b  []byte
}

type pendingVerdict struct {
	at time.Time
	v  Verdict
}

func newPair(seed uint64, methods ...AuthMethod) *pair {
	p := &pair{
		rand: rand.New(rand.NewPCG(seed, 1)), delay: 5 * time.Millisecond, now: epoch,
		cred: Credentials{Name: "user@example.net", Password: "secret"}, secret: "secret", network: standard,
	}
	for i := range p.cfg {
		p.cfg[i] = Config{
			Role: Role(i), Rand: rand.New(rand.NewPCG(seed, uint64(i)+2)), Counters: new(Counters),
			Auth: methods, HostName: "lns.example.net", IPCP: true, IPV6CP: true, SuggestDNS: i == 1,
		}
	}
	return p
}

// open starts both ends at once.
func (p *pair) open() {
	for i := range p.end {
		p.end[i].Init(&p.cfg[i], &p.cred)
	}
	for i := range p.end {
		p.end[i].Open(p.now, &p.fx[i])
		p.carryOut(i)
	}
}

// carryOut does what end i wants.
func (p *pair) carryOut(i int) {
	for k := 0; k < len(p.fx[i].List); k++ {
		e := p.fx[i].List[k]
		if p.onEffects != nil {
			p.onEffects(i, e)
		}
		switch e.Kind {
		case SendFrame:
			p.sent[i]++
			f := frame{at: p.now.Add(p.delay), to: 1 - i, b: append([]byte(nil), e.Frame...)}
			if p.onFrame != nil {
				p.onFrame(&f)
			}
			if f.b != nil && p.rand.Float64() >= p.loss {
				p.wire = append(p.wire, f)
			}
		case AuthRequest:
			p.asked++
			p.verdict = append(p.verdict, pendingVerdict{p.now.Add(p.slow), Check(e.Auth, p.secret)})
		case LinkUp:
			if i == 0 && p.end[0].AuthUsed() == AuthNone {
				p.end[0].Grant(p.now, p.network, &p.fx[0])
			}
		case NetworkUp:
			p.networks[i][ncpIndex(e.Protocol)] = true
		case NetworkDown:
			p.networks[i][ncpIndex(e.Protocol)] = false
		case Down:
			p.down[i] = e.Err
		}
		if e.Kind != SendFrame {
			p.log = append(p.log, [2]string{"lns ", "modem "}[i]+describe(e))
		}
	}
	p.fx[i].Reset()
}

func ncpIndex(p Protocol) int {
	if p == ProtoIPCP {
		return 0
	}
	return 1
}

func describe(e Effect) string {
	s := e.Kind.String()
	switch e.Kind {
	case NetworkUp, NetworkDown:
		s += " " + e.Protocol.String()
	case AuthRequest:
		s += " " + e.Auth.Method.String() + " " + e.Auth.Name
	case Down:
		s += ": " + e.Err.Error()
	}
	return s
}

// step moves time to the next thing that happens, not beyond limit, and lets it
// happen. It reports whether there was one.
func (p *pair) step(limit time.Time) bool {
	next := limit.Add(1)
	for i := range p.end {
		if at := p.end[i].Next(); !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	for _, f := range p.wire {
		if f.at.Before(next) {
			next = f.at
		}
	}
	for _, v := range p.verdict {
		if v.at.Before(next) {
			next = v.at
		}
	}
	if next.After(limit) {
		p.now = limit
		return false
	}
	if next.After(p.now) {
		p.now = next
	}
	p.deliver()
	for i := range p.end {
		p.end[i].Advance(p.now, &p.fx[i])
		p.carryOut(i)
	}
	return true
}

// deliver hands over the frames and verdicts that are due.
func (p *pair) deliver() {
	for k := 0; k < len(p.wire); {
		f := p.wire[k]
		if f.at.After(p.now) {
			k++
			continue
		}
		p.wire = append(p.wire[:k], p.wire[k+1:]...)
		p.end[f.to].Handle(p.now, f.b, &p.fx[f.to])
		p.carryOut(f.to)
	}
	for k := 0; k < len(p.verdict); {
		v := p.verdict[k]
		if v.at.After(p.now) {
			k++
			continue
		}
		p.verdict = append(p.verdict[:k], p.verdict[k+1:]...)
		p.end[0].Authenticated(p.now, v.v, &p.fx[0])
		if v.v.OK {
			p.end[0].Grant(p.now, p.network, &p.fx[0])
		}
		p.carryOut(0)
	}
}

// run lets simulated time pass until nothing is left or limit is reached.
func (p *pair) run(limit time.Time) {
	for p.step(limit) {
	}
}

// up reports whether both ends have both NCPs open.
func (p *pair) up() bool { return p.networks == [2][2]bool{{true, true}, {true, true}} }

func (p *pair) wantUp(t *testing.T, why string) {
	t.Helper()
	if !p.up() {
		t.Fatalf("%s: networks %v, phases %v and %v\n%v", why, p.networks, p.end[0].Phase(), p.end[1].Phase(), p.log)
	}
}

// code is the protocol and code of a frame, for tests that look at the wire.
func code(b []byte) (Protocol, wire.Code) {
	proto, info, _ := wire.ParseFrame(b)
	packet, _ := wire.ParsePacket(info)
	return proto, packet.Code
}
