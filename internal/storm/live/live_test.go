// SPDX-License-Identifier: Apache-2.0

package live

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"go.uber.org/goleak"

	"holdfast/internal/storm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// No peak gets lost, however many values share a column; only zero is blank.
func TestSpark(t *testing.T) {
	for _, c := range []struct {
		values     []int
		width, top int
		want       string
	}{
		{nil, 10, 8, ""},
		{[]int{1, 2}, 0, 8, ""},
		{[]int{0, 1, 4, 8, 9}, 10, 8, " ▁▄██"},
		{[]int{0, 0, 8, 0, 0, 0, 1, 0}, 4, 8, " █ ▁"},
		{[]int{1}, 5, 1000, "▁"},
		{[]int{5}, 5, 0, " "},
	} {
		if got := spark(c.values, c.width, c.top); got != c.want {
			t.Errorf("spark(%v, %d, %d) = %q, want %q", c.values, c.width, c.top, got, c.want)
		}
	}
}

// show plays messages to the program and returns its picture.
func show(messages ...tea.Msg) string {
	var m tea.Model = model{title: "a storm", width: 80}
	for _, x := range messages {
		m, _ = m.Update(x)
	}
	return m.(model).picture()
}

var second = storm.Sample{
	At: 12, Phase: "flap", Up: 200, InFlight: 31, Tunnels: 60, Offered: 99.6, Came: 42, HelloP99: 1.25,
	Causes: map[string]uint64{"no answer": 3, "cleared by CDN": 30},
	LNS:    &storm.LNSView{Init: 417, Active: 201, Parked: 66, Requests: 8123, Alarms: []string{"stalled"}},
}

// The picture has what is going on, and keeps the curves of runs that are over.
func TestPicture(t *testing.T) {
	if got := show(); got != "a storm\n" {
		t.Errorf("%q", got)
	}
	got := show(tea.WindowSizeMsg{Width: 60}, Run{"first", 600, 60}, phase("flap for 35s"), second, Run{"second", 600, 60}, phase("ramp"), second)
	for _, want := range []string{
		"first (over)\n", "second: 60 tunnels, 600 sessions", "12 s  ramp", "Init   ▅ 417, peak 417", "Active ▂ 201",
		"parked             66", "requests         8123", "alarms of the LNS: stalled",
		"offered/s         100", "hello p99         1.2", "failed: cleared by CDN 30; no answer 3;",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	for _, line := range strings.Split(got, "\n") {
		if n := len([]rune(line)); n > 78 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

// Elsewhere than on a terminal there is a line a second, with headings.
func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	s := Open(t.Context(), out, "a storm", false)
	s.Begin(Run{"first", 600, 60})
	s.Enter("flap for 35s")
	for range headingEvery + 1 {
		s.Sample(&second)
	}
	s.Close()
	out.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "hello ms"); n != 2 {
		t.Errorf("%d headings", n)
	}
	want := "   12s flap          60     417     201      66      100       42        0        -        -      1.2      8123\n"
	if !strings.Contains(string(text), "first: 60 tunnels, 600 sessions") ||
		!strings.Contains(string(text), "-- flap for 35s") || !strings.Contains(string(text), want) {
		t.Errorf("%s", text)
	}
}
