// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"holdfast/cmd/holdfast/stage"
)

// Report is everything that was measured.
type Report struct {
	Machine  Machine     `json:"machine"`
	Plain    PlainUDP    `json:"plain_udp_loopback"`
	FullRate *Login      `json:"login_full_rate"`
	Relaxed  *Login      `json:"login_at_0.8_of_that_rate"`
	InMemory *Login      `json:"login_radius_in_memory"`
	Booked   *Login      `json:"login_radius_in_memory_accounted"`
	Free     *Login      `json:"login_freeradius"`
	Memory   *Memory     `json:"memory"`
	Packages []Benchmark `json:"package_benchmarks"`
	Forward  []Benchmark `json:"forwarding_benchmarks"`
}

// Machine is where it was measured.
type Machine struct {
	CPUs  int       `json:"cpus"`
	Go    string    `json:"go"`
	Arch  string    `json:"arch"`
	Load  string    `json:"load_average"` // before the run: figures of a busy machine mean little
	Stage string    `json:"stage"`
	At    time.Time `json:"at"`
}

// sizes of a run.
type sizes struct {
	binary   string
	sessions int // of the log-in runs
	tunnels  int
	radius   int    // sessions of the runs through RADIUS; 0: none
	large    int    // sessions of the memory run; 0: none
	root     string // of the repository
	packages bool
	forward  bool
}

func main() {
	var s sizes
	flag.StringVar(&s.binary, "binary", "bin/holdfast", "the LNS")
	flag.IntVar(&s.sessions, "sessions", 30_000, "sessions of the log-in runs")
	flag.IntVar(&s.tunnels, "tunnels", 600, "tunnels of the log-in runs")
	flag.IntVar(&s.radius, "radius", 24_000, "sessions of the runs through RADIUS; 0: none")
	flag.IntVar(&s.large, "large", 100_000, "sessions of the memory run; 0: none")
	flag.BoolVar(&s.packages, "packages", true, "the benchmarks of packages")
	flag.BoolVar(&s.forward, "forward", true, "the benchmarks of the forwarding plane")
	flag.StringVar(&s.root, "root", ".", "the repository")
	quick := flag.Bool("quick", false, "small numbers: does it work at all?")
	out := flag.String("json", "", "write the report to this file, too")
	flag.Parse()
	if *quick {
		s.sessions, s.tunnels, s.radius, s.large, s.packages, s.forward = 600, 60, 600, 0, false, false
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, s, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s sizes, out string) error {
	report, err := measure(ctx, s)
	if report != nil {
		report.print(os.Stdout)
	}
	if err == nil && out != "" {
		var text []byte
		if text, err = json.MarshalIndent(report, "", "  "); err == nil {
			err = os.WriteFile(out, append(text, '\n'), 0o644)
		}
	}
	return err
}

// measure goes through everything; what fails does not keep the rest from being measured.
func measure(ctx context.Context, s sizes) (*Report, error) {
	mode, name := stage.Namespaces, "network namespaces, TUN plane"
	if err := stage.Probe(); err != nil {
		mode, name = stage.Loopback, "loopback device, no plane"
	}
	r := &Report{Machine: Machine{
		CPUs: runtime.NumCPU(), Go: runtime.Version(), Arch: runtime.GOARCH, Load: loadAverage(), Stage: name, At: time.Now(),
	}}
	plain, err := plainUDP()
	if err != nil {
		return nil, err
	}
	r.Plain = plain

	logins := lab{mode: mode, binary: s.binary}
	full, err := logins.login(ctx, plan(s.sessions, s.tunnels, 0))
	r.FullRate = full.beside(plain)
	if err == nil {
		var relaxed *Login
		relaxed, err = logins.login(ctx, plan(s.sessions, s.tunnels, 0.8*full.PerSecond))
		r.Relaxed = relaxed.beside(plain)
	}
	if err == nil && s.radius > 0 {
		err = r.throughRADIUS(ctx, logins, s)
	}
	if err == nil && s.large > 0 {
		r.Memory, err = logins.memory(ctx, plan(s.large, max(s.large/50, 3), 0))
	}
	if s.packages && ctx.Err() == nil {
		list, failed := goBench(ctx, packageBenchmarks)
		r.Packages, err = list, errors.Join(err, failed)
	}
	if s.forward && ctx.Err() == nil {
		list, failed := goBench(ctx, forwardBenchmarks)
		r.Forward, err = list, errors.Join(err, failed)
	}
	return r, err
}

// throughRADIUS has everybody log in through servers in memory and through
// FreeRADIUS, where that is installed.
func (r *Report) throughRADIUS(ctx context.Context, l lab, s sizes) (err error) {
	p := plan(s.radius, s.tunnels, 0)
	if r.InMemory, err = l.throughRADIUS(ctx, p, &memory{}, false); err != nil {
		return err
	}
	if r.Booked, err = l.throughRADIUS(ctx, p, &memory{}, true); err != nil {
		return err
	}
	if _, missing := exec.LookPath("/usr/sbin/freeradius"); missing == nil {
		r.Free, err = l.throughRADIUS(ctx, p, &freeradius{root: s.root}, false)
	}
	for _, x := range []*Login{r.InMemory, r.Booked, r.Free} {
		x.beside(r.Plain)
	}
	return err
}
