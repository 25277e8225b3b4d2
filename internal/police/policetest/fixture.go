// SPDX-License-Identifier: Apache-2.0

package policetest

import (
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/police"
)

//go:embed testdata/*.txt
var texts embed.FS

// Fixture is one sequence.
type Fixture struct {
	Name   string
	Slots  int
	Config police.Config
	Steps  []Step
}

// Step is a packet and what is to become of it.
type Step struct {
	Line        int
	At          time.Duration
	Host        bool // at the host level, else at Slot
	Slot        int
	Datagram    packet.Datagram
	Established bool
	Repeat      int
	Want        police.Verdict
}

// Target polices packets.
type Target interface {
	// Advance does what is due by the time at, counted from the beginning.
	Advance(at time.Duration)
	// Packet polices one packet.
	Packet(s *Step) police.Verdict
}

// Run runs all fixtures, each on a fresh target.
func Run(t *testing.T, target func(*testing.T, *Fixture) Target) {
	t.Helper()
	fixtures, err := Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fixtures {
		t.Run(f.Name, func(t *testing.T) {
			on := target(t, &f)
			for i := range f.Steps {
				s := &f.Steps[i]
				on.Advance(s.At)
				for n := range s.Repeat {
					if got := on.Packet(s); got != s.Want {
						t.Fatalf("line %d, packet %d: %v, want %v", s.Line, n+1, got, s.Want)
					}
				}
			}
		})
	}
}

// Fixtures reads them all.
func Fixtures() ([]Fixture, error) {
	files, err := texts.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	var fixtures []Fixture
	for _, file := range files {
		text, err := texts.ReadFile("testdata/" + file.Name())
		if err != nil {
			return nil, err
		}
		f := Fixture{Name: strings.TrimSuffix(file.Name(), ".txt"), Slots: 1, Config: police.Defaults()}
		for i, line := range strings.Split(string(text), "\n") {
			line, _, _ = strings.Cut(line, "#")
			if words := strings.Fields(line); len(words) > 0 {
				if err := f.line(i+1, words); err != nil {
					return nil, fmt.Errorf("%s:%d: %w", file.Name(), i+1, err)
				}
			}
		}
		fixtures = append(fixtures, f)
	}
	return fixtures, nil
}

var errLine = errors.New("cannot be read")

func (f *Fixture) line(number int, w []string) (err error) {
	switch {
	case w[0] == "slots" && len(w) == 2:
		f.Slots, err = strconv.Atoi(w[1])
		return err
	case w[0] == "set":
		return f.set(w[1:])
	case len(w) < 6 || w[len(w)-2] != "->":
		return errLine
	}
	s := Step{Line: number, Repeat: 1}
	if s.At, err = time.ParseDuration(w[0]); err != nil {
		return err
	}
	if s.Host = w[1] == "host"; !s.Host {
		if s.Slot, err = strconv.Atoi(w[1]); err != nil {
			return err
		}
	}
	if s.Datagram.Peer, err = netip.ParseAddrPort(w[2]); err != nil {
		return err
	}
	s.Datagram.Local = netip.MustParseAddrPort("198.51.100.1:1701")
	var tunnelID, sessionID uint16
	for _, option := range w[4 : len(w)-2] {
		switch value, isIDs := strings.CutPrefix(option, "ids="); {
		case isIDs:
			_, err = fmt.Sscanf(value, "%d/%d", &tunnelID, &sessionID)
		case option == "established":
			s.Established = true
		default:
			s.Repeat, err = strconv.Atoi(strings.TrimPrefix(option, "x"))
		}
		if err != nil {
			return err
		}
	}
	if s.Datagram.Data, err = octets(w[3], tunnelID, sessionID); err != nil {
		return err
	}
	s.Want, err = verdict(w[len(w)-1])
	f.Steps = append(f.Steps, s)
	return err
}

func octets(word string, tunnelID, sessionID uint16) ([]byte, error) {
	group, name, named := strings.Cut(word, ":")
	if !named {
		return hex.DecodeString(word)
	}
	t, ok := police.ParseType(group, name)
	b := Octets(t, tunnelID, sessionID)
	if !ok || police.Classify(b) != t {
		return nil, fmt.Errorf("%w: %s", errLine, word)
	}
	return b, nil
}

func verdict(word string) (police.Verdict, error) {
	for _, v := range []police.Verdict{police.Pass, police.DropFlow, police.DropPolicer, police.DropAggregate} {
		if v.String() == word {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%w: verdict %s", errLine, word)
}

// set understands the statements that fixtures need.
func (f *Fixture) set(w []string) error {
	c := &f.Config
	if strings.Join(w, " ") == "global flow-detection" {
		c.FlowDetection = true
		return nil
	}
	if len(w) < 3 {
		return errLine
	}
	t, ok := police.ParseType(w[0], w[1])
	if !ok {
		return errLine
	}
	n, _ := strconv.Atoi(w[len(w)-1])
	y, seconds := &c.Types[t], time.Duration(n)*time.Second
	switch strings.Join(w[2:max(len(w)-1, 3)], " ") {
	case "bandwidth":
		y.Bandwidth, y.Configured = uint32(n), y.Configured|police.KnobBandwidth
	case "burst":
		y.Burst, y.Configured = uint32(n), y.Configured|police.KnobBurst
	case "recover-time":
		y.RecoverTime, y.Configured = seconds, y.Configured|police.KnobRecoverTime
	case "bypass-aggregate":
		y.BypassAggregate, y.Configured = true, y.Configured|police.KnobBypassAggregate
	case "disable-fpc":
		y.DisableFPC, y.Configured = true, y.Configured|police.KnobDisableFPC
	case "flow-detect-time":
		y.Flow.DetectTime, y.Configured = seconds, y.Configured|police.KnobDetectTime
	case "flow-recover-time":
		y.Flow.RecoverTime, y.Configured = seconds, y.Configured|police.KnobFlowRecoverTime
	case "flow-detection-mode on":
		y.Flow.Mode, y.Configured = police.On, y.Configured|police.KnobFlowMode
	case "flow-level-bandwidth subscriber":
		y.Flow.Levels[police.Subscriber] = police.LevelConfig{Bandwidth: uint32(n), Configured: police.KnobLevelBandwidth}
	case "flow-level-bandwidth logical-interface":
		y.Flow.Levels[police.LogicalInterface] = police.LevelConfig{Bandwidth: uint32(n), Configured: police.KnobLevelBandwidth}
	case "fpc 1 bandwidth-scale":
		y.Slots, y.Configured = []police.SlotConfig{{Number: 1, BandwidthScale: uint32(n), BurstScale: 100}}, y.Configured|police.KnobSlots
	default:
		return fmt.Errorf("%w: %v", errLine, w)
	}
	return nil
}
