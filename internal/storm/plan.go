// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"holdfast/ppp"
)

// ErrPlan is wrapped by every error of Plan.Check.
var ErrPlan = errors.New("storm: plan")

// Plan says what a storm is made of. Counts are totals over all LACs, which
// share them out evenly. Zero fields mean the default in brackets.
type Plan struct {
	LNS []netip.AddrPort // gateways; the tunnels of a LAC take them in turn

	LACs     int // [1]
	Tunnels  int // [1]
	Sessions int // modems, one session each [1]

	Rate            float64 // calls a second; 0: as fast as InFlight lets
	InFlight        int     // calls in set-up at once [256]
	TunnelsInFlight int     // tunnels in set-up at once [64]

	Secret     string // of the tunnels; empty: no tunnel authentication
	HideAVPs   bool
	Auth       []ppp.AuthMethod // what modems are willing to use [CHAP, PAP, MS-CHAPv2]
	User       string           // %d is the number of the line ["user%d@example"]
	Password   string           // likewise ["password"]
	HostName   string           // of the LAC, %d is its number ["lac%d"]
	Calling    string           // Calling Number, %d the line's ["%d"]
	Called     string           // Called Number [none]
	CircuitID  string           // Agent-Circuit-Id, RFC 5515; empty: no line information
	IPv4, IPv6 bool             // NCPs modems open [IPv4]
	Proxy      Proxy            // what the LACs do of PPP themselves

	// Callers are further modems, which dial only for LAC.Overload.
	Callers int
	// Pulse is how many tunnels each LAC has besides, without modems: each says
	// HELLO every second, and how soon it is acknowledged is measured.
	Pulse int

	Patience      time.Duration // a call that is not up by then is given up; negative: endless [10 s]
	Silent        float64       // share of the calls given up without a CDN
	RedialDelay   time.Duration // from the end of a call to the next one; negative: never again [5 s]
	RedialJitter  time.Duration // up to this much is added at random [RedialDelay]
	RedialMax     time.Duration // each call that does not come up doubles both for the next one, while they are together at most this; 0: they stay [0]
	EchoInterval  time.Duration // LCP Echo-Request of modems; negative: none [10 s]
	EchoMax       int           // unanswered ones until a modem hangs up [3]
	HelloInterval time.Duration // of the LACs; negative: none [60 s]
	ReceiveWindow int           // advertised by the LACs [128]

	RetransmitMax         int           // how often a LAC sends a message again before it gives the tunnel up [7]
	RetransmitIntervalMax time.Duration // the longest wait in between: it begins with a second and doubles; at least 8 s [16 s]

	Traffic Traffic
	Seed    uint64
}

// Traffic is what modems that are up send.
type Traffic struct {
	Rate float64          // packets a second over all LACs; 0: none
	Size int              // octets of the IP packet [128]
	To   []netip.AddrPort // destinations taken in turn; port 0: ICMP echo, else UDP to an echo service. Empty: ping the LNS's end of the link
}

// The smallest inner packets that hold a probe, see probe.go.
const (
	sizeMin = ipv6HeaderBytes + udpHeaderBytes + probeBytes
	sizeMax = 1500
)

// WithDefaults returns the plan with its zero fields filled in.
func (p Plan) WithDefaults() Plan {
	orInt := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	orString := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	orDuration := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	orInt(&p.LACs, 1)
	orInt(&p.Tunnels, p.LACs)
	orInt(&p.Sessions, p.Tunnels)
	orInt(&p.InFlight, 256)
	orInt(&p.TunnelsInFlight, 64)
	orInt(&p.EchoMax, 3)
	orInt(&p.ReceiveWindow, 128)
	orInt(&p.Traffic.Size, 128)
	orString(&p.User, "user%d@example")
	orString(&p.Password, "password")
	orString(&p.HostName, "lac%d")
	orString(&p.Calling, "%d")
	orDuration(&p.Patience, 10*time.Second)
	orDuration(&p.RedialDelay, 5*time.Second)
	orDuration(&p.RedialJitter, max(p.RedialDelay, 0))
	orDuration(&p.EchoInterval, 10*time.Second)
	orDuration(&p.HelloInterval, time.Minute)
	if len(p.Auth) == 0 {
		p.Auth = []ppp.AuthMethod{ppp.CHAP, ppp.PAP, ppp.MSCHAPv2}
	}
	if !p.IPv4 && !p.IPv6 {
		p.IPv4 = true
	}
	return p
}

// Check says what is wrong with a plan that has its defaults.
func (p *Plan) Check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrPlan}, args...)...)
	}
	switch {
	case len(p.LNS) == 0:
		return bad("no LNS to dial")
	case p.LACs < 1 || p.Tunnels < p.LACs:
		return bad("%d LACs need at least as many tunnels, not %d", p.LACs, p.Tunnels)
	case p.Callers < 0 || p.Pulse < 0:
		return bad("callers and pulses cannot be negative")
	case p.Silent < 0 || p.Silent > 1:
		return bad("share of silent calls %v is not in 0..1", p.Silent)
	case p.Proxy == ProxyAuth && len(p.Auth) == 1 && p.Auth[0] == ppp.MSCHAPv2:
		return bad("a LAC cannot pass MS-CHAPv2 on: RFC 2661 §4.4.5 has no Proxy Authen Type for it")
	case p.Sessions < p.Tunnels:
		return bad("%d tunnels need at least as many sessions, not %d", p.Tunnels, p.Sessions)
	case share(p.Tunnels, p.LACs, 0)+p.Pulse > tunnelMax:
		return bad("%d tunnels are too many for %d LACs: at most %d each", p.Tunnels, p.LACs, tunnelMax)
	case p.RedialMax < 0 || p.RetransmitMax < 0 || p.RetransmitIntervalMax < 0:
		return bad("longest waits and numbers of retransmissions cannot be negative")
	case p.Rate < 0 || p.Traffic.Rate < 0:
		return bad("a rate cannot be negative")
	case p.InFlight < p.LACs || p.TunnelsInFlight < p.LACs:
		return bad("each of %d LACs needs a place in the window of calls and of tunnels in flight", p.LACs)
	case p.Traffic.Size < sizeMin || p.Traffic.Size > sizeMax:
		return bad("packet size %d is not in %d..%d", p.Traffic.Size, sizeMin, sizeMax)
	}
	for _, to := range p.Traffic.To {
		if v4 := to.Addr().Is4(); v4 && !p.IPv4 || !v4 && !p.IPv6 {
			return bad("no modem opens the protocol that traffic to %v needs", to.Addr())
		}
	}
	for _, s := range []string{p.User, p.Password, p.HostName, p.Calling, p.CircuitID} {
		if strings.Count(s, "%") != strings.Count(s, "%d") {
			return bad("pattern %q: only %%d is known", s)
		}
	}
	return nil
}

// tunnelMax is how many tunnels one endpoint can have: ids of 16 bits without zero.
const tunnelMax = 65535

// share is what part i of n gets of a total that is shared out evenly.
func share(total, n, i int) int {
	s := total / n
	if i < total%n {
		s++
	}
	return s
}

// expand puts a number in the place of %d.
func expand(pattern string, n int) string {
	if !strings.Contains(pattern, "%d") {
		return pattern
	}
	return strings.ReplaceAll(pattern, "%d", strconv.Itoa(n))
}
