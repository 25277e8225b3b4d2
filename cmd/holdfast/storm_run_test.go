// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"holdfast/internal/storm/scenario"
)

// Settings are flags of the command line; what was typed counts, and a setting
// with several values is a flag that comes several times.
func TestSettingsAreFlags(t *testing.T) {
	s, err := scenario.Parse("x", "lns 192.0.2.1\nlns 192.0.2.2\nlacs 2\nsource 192.0.2.11 192.0.2.12\n"+
		"circuit-id eth 0/%d:100\nhide-avps\nseed 4\nsecret no\nramp")
	if err != nil {
		t.Fatal(err)
	}
	var cli commandLine
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := parser.Parse(strings.Fields("storm run storm.go --seed 5 --secret s3cret --auth pap,chap"))
	if err != nil {
		t.Fatal(err)
	}
	line, err := withSettings(s, typed)
	if err != nil {
		t.Fatal(err)
	}
	f := &line.Storm.stormFlags
	got := []any{strings.Join(line.Storm.Dial.LNS, " "), f.LACs, strings.Join(f.Source, " "), f.CircuitID, f.HideAVPs, f.Seed, f.Secret, strings.Join(f.Auth, " ")}
	want := []any{"192.0.2.1 192.0.2.2", 2, "192.0.2.11 192.0.2.12", "eth 0/%d:100", true, uint64(5), "s3cret", "pap chap"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
}

// The example and the one in the manual are scenarios that can be played.
func TestExampleScenarios(t *testing.T) {
	manual, err := os.ReadFile("../../docs/operations/storm.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(manual), "```\n# Two of three")
	inManual, _, _ := strings.Cut("# "+rest, "```")
	example, err := os.ReadFile("../../examples/outage.storm")
	if err != nil {
		t.Fatal(err)
	}
	var cli commandLine
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := parser.Parse(strings.Fields("storm run storm.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(example), inManual} {
		s, err := scenario.Parse("x", text)
		if err != nil {
			t.Fatal(err)
		}
		line, err := withSettings(s, typed)
		if err != nil {
			t.Fatal(err)
		}
		o, err := line.Storm.options(line.Storm.Dial.LNS)
		if err != nil {
			t.Fatal(err)
		}
		p := o.Plan.WithDefaults()
		if err := p.Check(); err != nil || p.Sessions != 24000 || len(s.Phases) < 5 {
			t.Errorf("%v: %+v", err, p)
		}
	}
}
