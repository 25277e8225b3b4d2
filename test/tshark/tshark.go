// SPDX-License-Identifier: Apache-2.0

// Package tshark asks Wireshark what it thinks of a capture file. Two programs
// that read RFC 2661 and RFC 1661 in the same way are no proof that either is
// right; Wireshark's authors have read them too.
package tshark

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/testenv"
)

// warning is PI_WARN, the level from which an expert's mark counts. Notes, below
// it, are about retransmissions and the like.
const warning = "6291456"

// Faults lists the packets that are malformed or have a mark. What TCP does in a
// subscriber's session is none of our business.
func Faults(t testing.TB, file string) []string {
	t.Helper()
	out := run(t, "-r", file, "-Y", "_ws.malformed or (_ws.expert.severity >= "+warning+" and not tcp)", "-T", "fields",
		"-e", "frame.number", "-e", "ip.src", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info", "-e", "_ws.expert.message")
	return slices.DeleteFunc(strings.Split(out, "\n"), func(line string) bool { return line == "" })
}

// WantSound wants a capture of some size without a fault.
func WantSound(t testing.TB, file string) {
	t.Helper()
	for _, f := range Faults(t, file) {
		t.Errorf("tshark finds fault with %s", f)
	}
	if n := strings.Count(run(t, "-r", file), "\n"); n < 20 {
		t.Errorf("only %d packets in the capture", n)
	}
}

// WantSeen wants all of the values in a field somewhere in the capture: a run
// that sends little proves little.
func WantSeen(t testing.TB, file, field string, values ...string) {
	t.Helper()
	seen := strings.FieldsFunc(run(t, "-r", file, "-Y", field, "-T", "fields", "-e", field), func(r rune) bool { return r == '\n' || r == ',' })
	slices.Sort(seen)
	seen = slices.Compact(seen)
	for _, v := range values {
		if !slices.Contains(seen, v) {
			t.Errorf("%s %s is not in the capture, only %v", field, v, seen)
		}
	}
}

func run(t testing.TB, args ...string) string {
	t.Helper()
	testenv.Commands(t, "tshark")
	cmd := exec.Command("tshark", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}
