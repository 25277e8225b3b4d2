// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/storm"
)

// Phase is one thing that happens. Which fields mean something depends on Name.
type Phase struct {
	Name string
	Text string // the whole line, as written
	Line int    // in its file; 0: not from a file

	For, Within, Stall, Talk time.Duration
	Rate, Times, Capacity    float64
	Greedy                   float64 // how often the first LAC's callers dial for each call of another's
	Share                    float64 // of sessions
	Tunnels                  float64 // share of each LAC's
	LACs, InFlight           int
	Impairment               storm.Impairment
	Attack                   storm.Attack
}

// Forever is the length of a phase that has no bound.
const Forever = 365 * 24 * time.Hour

// kind is what may be said of a phase.
type kind struct {
	words    string // which may follow, in any order
	required string
	play     func(r *Runner, p *Phase) error
}

// kinds are the phases by name.
func kinds() map[string]kind {
	return map[string]kind{
		"ramp":     {"rate in-flight stall", "", (*Runner).ramp},
		"hold":     {"for", "for", (*Runner).hold},
		"flap":     {"lacs tunnels for", "for", (*Runner).flap},
		"recover":  {"within share", "", (*Runner).recoverAll},
		"measure":  {"in-flight for", "for", (*Runner).measure},
		"overload": {"times capacity greedy talk for", "times for", (*Runner).overload},
		"settle":   {"within", "", (*Runner).settle},
		"monkey":   {"rate for", "rate for", (*Runner).monkey},
		"traffic":  {"rate", "rate", (*Runner).traffic},
		"attack":   {"with rate from to", "", (*Runner).attack},
		"link":     {"loss duplicate reorder delay jitter", "", (*Runner).link},
		"drain":    {"within", "", (*Runner).drain},
	}
}

// ParsePhase reads one phase: its name, then pairs of a word and its value.
func ParsePhase(text string) (Phase, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Phase{}, fmt.Errorf("a phase needs a name")
	}
	p := Phase{
		Name: words[0], Text: strings.Join(words, " "), Tunnels: 1, Share: 1, Greedy: 1, InFlight: 256,
		Within: 2 * time.Minute, Stall: 30 * time.Second,
	}
	k, ok := kinds()[p.Name]
	if !ok {
		return p, fmt.Errorf("%q is no phase", p.Name)
	}
	said := map[string]bool{}
	for rest := words[1:]; len(rest) > 0; rest = rest[2:] {
		word := rest[0]
		switch {
		case !has(k.words, word):
			return p, fmt.Errorf("%s knows no %q, only: %s", p.Name, word, k.words)
		case said[word]:
			return p, fmt.Errorf("%s says %q twice", p.Name, word)
		case len(rest) == 1:
			return p, fmt.Errorf("%s: %q needs a value", p.Name, word)
		}
		said[word] = true
		if err := p.set(word, rest[1]); err != nil {
			return p, fmt.Errorf("%s: %s %s: %w", p.Name, word, rest[1], err)
		}
	}
	if a := p.Attack; a.Kind != storm.AttackNone && (p.Rate == 0 || !a.From.IsValid()) {
		return p, fmt.Errorf("attack with %v needs a rate, and from which addresses", a.Kind)
	}
	if p.Attack.Kind == storm.AttackNobody && !p.Attack.To.IsValid() {
		return p, fmt.Errorf("attack with %v needs the addresses that it goes to", p.Attack.Kind)
	}
	if a := p.Attack; a.Kind == storm.AttackSpoof && !a.From.Addr().Is4() {
		return p, fmt.Errorf("attack with %v needs IPv4 addresses", a.Kind)
	}
	for _, word := range strings.Fields(k.required) {
		if !said[word] {
			return p, fmt.Errorf("%s needs %q", p.Name, word)
		}
	}
	return p, nil
}

func has(words, word string) bool {
	for _, w := range strings.Fields(words) {
		if w == word {
			return true
		}
	}
	return false
}

// set takes one pair.
func (p *Phase) set(word, value string) (err error) {
	switch word {
	case "for":
		p.For, err = duration(value)
	case "within":
		p.Within, err = duration(value)
	case "stall":
		p.Stall, err = duration(value)
	case "talk":
		p.Talk, err = duration(value)
	case "delay":
		p.Impairment.Delay, err = duration(value)
	case "jitter":
		p.Impairment.Jitter, err = duration(value)
	case "rate":
		p.Rate, err = number(value)
	case "times":
		p.Times, err = number(value)
	case "capacity":
		p.Capacity, err = number(value)
	case "with":
		p.Attack.Kind, err = storm.ParseAttackKind(value)
	case "from":
		p.Attack.From, err = netip.ParsePrefix(value)
	case "to":
		p.Attack.To, err = netip.ParsePrefix(value)
	case "greedy":
		p.Greedy, err = number(value)
	case "lacs":
		p.LACs, err = count(value)
	case "in-flight":
		p.InFlight, err = count(value)
	case "share":
		p.Share, err = share(value)
	case "tunnels":
		p.Tunnels, err = share(value)
	case "loss":
		p.Impairment.Loss, err = share(value)
	case "duplicate":
		p.Impairment.Duplicate, err = share(value)
	case "reorder":
		p.Impairment.Reorder, err = share(value)
	}
	return err
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > Forever {
		return 0, fmt.Errorf("no duration such as 10s or 2m")
	}
	return d, nil
}

func number(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 0 && n <= 1e9) {
		return 0, fmt.Errorf("no number from 0 to a billion")
	}
	return n, nil
}

func count(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("no whole number from 1")
	}
	return n, nil
}

// share reads 25% or 0.25.
func share(s string) (float64, error) {
	text, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(text, 64)
	if percent {
		n /= 100
	}
	if err != nil || !(n >= 0 && n <= 1) {
		return 0, fmt.Errorf("no share such as 25%% or 0.25")
	}
	return n, nil
}
