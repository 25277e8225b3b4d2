// SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"io"

	"holdfast/internal/storm"
)

// headingEvery is after how many lines the heading comes again.
const headingEvery = 20

// lines is the plain form: a line a second.
type lines struct {
	w     io.Writer
	count int
}

func (l *lines) begin(run Run) {
	fmt.Fprintf(l.w, "\n%s: %d tunnels, %d sessions\n", run.Name, run.Tunnels, run.Sessions)
	l.count = 0
}

func (l *lines) enter(text string) { fmt.Fprintf(l.w, "  -- %s\n", text) }

func (l *lines) sample(s *storm.Sample) {
	if l.count%headingEvery == 0 {
		fmt.Fprintf(l.w, "%6s %-8s %7s %7s %7s %7s %8s %8s %8s %8s %8s %8s %9s\n",
			"time", "phase", "tunnels", "Init", "Active", "parked", "offer/s", "up/s", "fail/s", "p50 ms", "p99 ms", "hello ms", "requests")
	}
	l.count++
	parked, requests := "-", "-"
	if v := s.LNS; v != nil {
		parked, requests = fmt.Sprint(v.Parked), fmt.Sprint(v.Requests)
	}
	fmt.Fprintf(l.w, "%5.0fs %-8s %7d %7d %7d %7s %8.0f %8.0f %8.0f %8s %8s %8s %9s\n",
		s.At, s.Phase, s.Tunnels, s.Init(), s.Active(), parked, s.Offered, s.Came, s.Failed,
		decimal(s.SetupP50), decimal(s.SetupP99), decimal(s.HelloP99), requests)
}
