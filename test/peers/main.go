// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"holdfast/cmd/holdfast/stage"
	"holdfast/ppp"
)

// Report is everything that was measured.
type Report struct {
	CPUs      int       `json:"cpus"`
	Kernel    string    `json:"kernel"`
	Load      string    `json:"load_average"` // before the run: figures of a busy machine mean little
	Began     time.Time `json:"began"`
	Took      float64   `json:"took_s"`
	Tunnels   int       `json:"tunnels"`
	Sessions  int       `json:"sessions"`
	Measured  []*Peer   `json:"measured"`
	NotCapped string    `json:"not_capped,omitempty"` // why there is no overload
}

// Peer is one LNS.
type Peer struct {
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	PAP      *Login    `json:"pap,omitempty"`
	CHAP     *Login    `json:"chap,omitempty"`
	Flap     *Flap     `json:"flap,omitempty"`
	Overload *Overload `json:"overload,omitempty"`
}

// sizes of the runs.
type sizes struct {
	sessions, tunnels int
	inFlight          int
	repeat            int // log-in runs, of which the middle one counts

	echo   time.Duration // echo interval of modems in the flap; three of them and the line is dead
	redial time.Duration // their redial delay, and as much jitter
	pace   float64       // calls a second that the LACs offer at most in the flap: the ramp is no storm yet
	settle time.Duration // before the links are cut
	cut    time.Duration
	limit  time.Duration // for the recovery

	share          float64 // of a processor
	cappedSessions int     // by which the capacity is found
	multiples      []float64
	lead, window   time.Duration // of a run at a multiple

	login, flap, overload bool // what is measured
	without               func(lns string) bool
}

// full is what `make bench-peers` measures.
func full() sizes {
	return sizes{
		sessions: 24_000, tunnels: l2tpnsTunnelMax, inFlight: 256, repeat: 3,
		echo: 10 * time.Second, redial: 5 * time.Second, pace: 4000, settle: 12 * time.Second, cut: 35 * time.Second, limit: 75 * time.Second,
		share: 0.2, cappedSessions: 50_000, multiples: []float64{1, 2, 5, 10}, lead: 3 * time.Second, window: 15 * time.Second,
		login: true, flap: true, overload: true, without: func(string) bool { return false },
	}
}

// quick shows that everything works. Its figures mean nothing.
func quick() sizes {
	z := full()
	z.sessions, z.tunnels, z.inFlight, z.repeat = 60, 20, 30, 1
	z.echo, z.settle, z.cut, z.limit = 500*time.Millisecond, time.Second, 2*time.Second, 20*time.Second
	z.cappedSessions, z.multiples, z.lead, z.window = 20_000, []float64{1, 10}, 500*time.Millisecond, time.Second
	return z
}

func main() {
	binary := flag.String("binary", "bin/holdfast", "the LNS of ours")
	small := flag.Bool("quick", false, "small numbers: does it work at all?")
	only := flag.String("only", "login,flap,overload", "what is measured")
	peers := flag.String("lns", "holdfast,l2tpns,null", "which LNSs")
	out := flag.String("json", "", "write the report to this file, too")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	z := full()
	if *small {
		z = quick()
	}
	has := func(list *string, what string) bool { return slices.Contains(strings.Split(*list, ","), what) }
	z.login, z.flap, z.overload = has(only, "login"), has(only, "flap"), has(only, "overload")
	z.without = func(lns string) bool { return !has(peers, lns) }
	if err := run(ctx, *binary, &z, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench-peers:", err)
		os.Exit(1)
	}
}

// run measures and prints, even when something failed on the way.
func run(ctx context.Context, binary string, z *sizes, out string) error {
	if err := stage.Probe(); err != nil {
		return err
	}
	report, err := measure(ctx, binary, z, os.Stderr)
	report.print(os.Stdout)
	if out != "" {
		text, failed := json.MarshalIndent(report, "", "  ")
		if failed == nil {
			failed = os.WriteFile(out, append(text, '\n'), 0o644)
		}
		err = errors.Join(err, failed)
	}
	return err
}

// measure goes through everything, and says on progress what it is at. What
// fails for one LNS does not keep the others from being measured.
func measure(ctx context.Context, binary string, z *sizes, progress io.Writer) (*Report, error) {
	r := &Report{
		CPUs: runtime.NumCPU(), Kernel: firstLine("uname", "-r"), Load: loadAverage(), Began: time.Now().UTC(), Tunnels: z.tunnels, Sessions: z.sessions,
	}
	var err error
	b := &bench{}
	for _, s := range []struct {
		server
		version string
	}{
		{holdfast(binary), firstLine(binary, "version")},
		{l2tpns(), firstLine("dpkg-query", "-W", "-f", "${Version}", "l2tpns")},
		{nullLNS(), ""},
	} {
		if z.without(s.name) {
			continue
		}
		p := &Peer{Name: s.name, Version: s.version}
		r.Measured = append(r.Measured, p)
		err = errors.Join(err, b.peer(ctx, s.server, z, p, r, progress))
	}
	r.Took = time.Since(r.Began).Seconds()
	return r, err
}

// peer measures one LNS.
func (b *bench) peer(ctx context.Context, s server, z *sizes, p *Peer, r *Report, progress io.Writer) (err error) {
	step := func(wanted bool, what string, f func() error) {
		if !wanted || ctx.Err() != nil {
			return
		}
		fmt.Fprintf(progress, "%s  %-10s %s\n", time.Now().Format(time.TimeOnly), s.name, what)
		if failed := f(); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s, %s: %w", s.name, what, failed))
		}
	}
	step(z.login, "log-ins by PAP", func() (err error) { p.PAP, err = b.medianLogin(ctx, s, z, ppp.PAP); return err })
	step(z.login, "log-ins by CHAP", func() (err error) { p.CHAP, err = b.medianLogin(ctx, s, z, ppp.CHAP); return err })
	step(z.flap, "flap", func() (err error) { p.Flap, err = b.flap(ctx, s, z); return err })
	step(z.overload && s.name != "null", "overload", func() (err error) {
		p.Overload, err = b.overload(ctx, s, z)
		if errors.Is(err, errNoCap) {
			r.NotCapped, err = err.Error(), nil
		}
		return err
	})
	return err
}

// firstLine is the first line of what a program writes; empty if it cannot be run.
func firstLine(argv ...string) string {
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// loadAverage is the machine's, of 1, 5 and 15 minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
