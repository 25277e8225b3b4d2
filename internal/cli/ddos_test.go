// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"holdfast/internal/api/apitest"
	"holdfast/internal/police"
)

// aggregate TYPE BANDWIDTH BURST RECOVER: what an operator writes about a type of L2TP.
func setAggregate(ts *testscript.TestScript, _ bool, args []string) {
	of, ok := police.ParseType("l2tp", args[0])
	if !ok {
		ts.Fatalf("no type %s", args[0])
	}
	n := [3]int{}
	for i := range n {
		n[i] = number(ts, args[i+1])
	}
	backendOf(ts).Guard.Configure(func(c *police.Config) {
		t := &c.Types[of]
		t.Bandwidth, t.Burst, t.RecoverTime = uint32(n[0]), uint32(n[1]), time.Duration(n[2])*time.Second
		t.Configured |= police.KnobBandwidth | police.KnobBurst | police.KnobRecoverTime
	})
}

// flow-detection: is switched on.
func setFlowDetection(ts *testscript.TestScript, _ bool, _ []string) {
	backendOf(ts).Guard.Configure(func(c *police.Config) { c.FlowDetection = true })
}

// traffic SECONDS [SLOT TYPE RATE LAC]...: time passes, with so many packets a
// second of these types of L2TP.
func offerTraffic(ts *testscript.TestScript, _ bool, args []string) {
	var list []apitest.Traffic
	for rest := args[1:]; len(rest) > 0; rest = rest[4:] {
		t, ok := police.ParseType("l2tp", rest[1])
		if !ok {
			ts.Fatalf("no type %s", rest[1])
		}
		list = append(list, apitest.Traffic{Slot: number(ts, rest[0]), Type: t, Rate: number(ts, rest[2]), LAC: byte(number(ts, rest[3]))})
	}
	backendOf(ts).Guard.Run(time.Duration(number(ts, args[0]))*time.Second, list...)
}

// unguarded: nothing polices the control plane.
func setUnguarded(ts *testscript.TestScript, _ bool, _ []string) { backendOf(ts).Guard = nil }

var (
	anyTime   = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z0-9+-]+`)
	anyNumber = regexp.MustCompile(`\d+`)
	anyBlank  = regexp.MustCompile(`[ \t]+`)
)

// skeleton is text without its numbers, times and blanks.
func skeleton(text string) []string {
	text = anyTime.ReplaceAllString(text, "<time>")
	text = anyNumber.ReplaceAllString(text, "#")
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(anyBlank.ReplaceAllString(line, " ")); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// compareLayout is the command layout. Lines of the file that begin with "- " are
// those that we leave out.
func compareLayout(ts *testscript.TestScript, _ bool, args []string) {
	got := skeleton(ts.ReadFile("stdout"))
	var want []string
	for _, line := range skeleton(ts.ReadFile(args[0])) {
		if !strings.HasPrefix(line, "- ") {
			want = append(want, line)
		}
	}
	for i := range max(len(got), len(want)) {
		g, w := "(nothing)", "(nothing)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			ts.Fatalf("line %d is\n\t%s\nin the original it is\n\t%s", i+1, g, w)
		}
	}
}
