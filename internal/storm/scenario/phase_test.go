// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/storm"
)

// A file is read as it is meant: settings, phases, nothing of the comments.
func TestParse(t *testing.T) {
	s, err := Parse("x.storm", `
# an outage
lacs 3
source 192.0.2.11   192.0.2.12 # two of them
json

ramp in-flight 64 rate 500
flap lacs 2 tunnels 25% for 35s
link loss 1% duplicate 0.5% reorder .02 delay 20ms jitter 5ms
link
overload times 10 capacity 222 greedy 10 talk 1s for 1m
recover within 90s share 50%
drain
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{{"lacs", []string{"3"}, 3}, {"source", []string{"192.0.2.11", "192.0.2.12"}, 4}, {"json", []string{}, 5}}
	if d := cmp.Diff(want, s.Settings); d != "" {
		t.Error(d)
	}
	base := func(name, text string, line int) Phase {
		return Phase{Name: name, Text: text, Line: line, Tunnels: 1, Share: 1, Greedy: 1, InFlight: 256, Within: 2 * time.Minute, Stall: 30 * time.Second}
	}
	phases := []Phase{
		base("ramp", "ramp in-flight 64 rate 500", 7), base("flap", "flap lacs 2 tunnels 25% for 35s", 8),
		base("link", "link loss 1% duplicate 0.5% reorder .02 delay 20ms jitter 5ms", 9), base("link", "link", 10),
		base("overload", "overload times 10 capacity 222 greedy 10 talk 1s for 1m", 11),
		base("recover", "recover within 90s share 50%", 12), base("drain", "drain", 13),
	}
	phases[0].InFlight, phases[0].Rate = 64, 500
	phases[1].LACs, phases[1].Tunnels, phases[1].For = 2, 0.25, 35*time.Second
	phases[2].Impairment = storm.Impairment{Loss: 0.01, Duplicate: 0.005, Reorder: 0.02, Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond}
	phases[4].Times, phases[4].Capacity, phases[4].Greedy, phases[4].Talk, phases[4].For = 10, 222, 10, time.Second, time.Minute
	phases[5].Within, phases[5].Share = 90*time.Second, 0.5
	if d := cmp.Diff(phases, s.Phases, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Error(d)
	}
}

// What is wrong is said with its line, or with its own words.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "no phases"},
		{"lacs 3", "no phases"},
		{"ramp\nlacs 3", `x:2: "lacs" is no phase, and settings come before the first one`},
		{"hold", `x:1: hold needs "for"`},
		{"hold for", `x:1: hold: "for" needs a value`},
		{"hold for ever", "x:1: hold: for ever: no duration such as 10s or 2m"},
		{"hold for -1s", "no duration"},
		{"hold for 1s for 2s", `says "for" twice`},
		{"hold rate 3 for 1s", `x:1: hold knows no "rate", only: for`},
		{"flap lacs 0 for 1s", "no whole number from 1"},
		{"flap tunnels 101% for 1s", "no share such as 25% or 0.25"},
		{"link loss NaN", "no share"},
		{"attack with doom rate 1 from 192.0.2.0/24", "no attack; there are"},
		{"attack with hello rate 1", "needs a rate, and from which addresses"},
		{"attack with hello from 192.0.2.0/24", "needs a rate"},
		{"attack with hello rate 1 from here", "attack: from here"},
		{"attack with nobody rate 1 from 192.0.2.1/32", "needs the addresses that it goes to"},
		{"attack with spoof rate 1 from 2001:db8::/64", "needs IPv4"},
		{"monkey rate -1 for 1s", "no number from 0 to a billion"},
		{"monkey rate inf for 1s", "no number"},
		{"overload times 2 for 1s", `"overload times 2 for 1s": overload needs a capacity, or measure before it`},
		{"drain\nhold for 1s", `"hold for 1s": nothing can follow drain`},
	} {
		_, err := Parse("x", c.text)
		if !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
	for _, good := range []string{
		"measure for 1s\noverload times 2 for 1s",
		"attack with nobody rate 1 from 203.0.113.2/32 to 100.64.0.0/16", "attack with spoof rate 1 from 100.64.0.0/14",
	} {
		if _, err := Parse("x", good); err != nil {
			t.Error(err)
		}
	}
}

// A phase says the same when its own text is read again.
func FuzzParse(f *testing.F) {
	f.Add("lacs 3\nramp\nflap lacs 2 for 35s\ndrain")
	f.Add("link loss 1e-3 delay 1h\n# x")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("x", text)
		if err != nil {
			return
		}
		for _, p := range s.Phases {
			again, err := ParsePhase(p.Text)
			if again.Line = p.Line; err != nil || again != p {
				t.Errorf("%q: %+v, again %+v, %v", p.Text, p, again, err)
			}
		}
	})
}
