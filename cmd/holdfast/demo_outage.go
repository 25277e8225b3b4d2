// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"holdfast/cmd/holdfast/stage"
	"holdfast/internal/storm"
	"holdfast/internal/storm/live"
	"holdfast/internal/storm/report"
	"holdfast/internal/storm/scenario"
)

// dearSteps is how many dear steps the set-up of a call takes: ICRP, LCP,
// authentication, addresses, forwarding.
const dearSteps = 5

// outageSize is how large an outage is played.
type outageSize struct {
	tunnels, sessions int
	echo, patience    time.Duration // of modems; dead two echoes after the last answer and one more interval
	redial            time.Duration // and up to four times as much more
	redialMax         time.Duration // twice as long after each failed call, up to this; zero: always the same
	cut               time.Duration
	burn              time.Duration // processor time on top of each dear step
	watch             time.Duration // how long nobody comes back until that is called never
	policed           time.Duration // how long a policer is watched then
	slow, fast        time.Duration // how long the others may take
}

// outageFull is the size of the outage of record: 6,000 tunnels, 24,000
// sessions, two of three LACs cut off, a server of 222 calls a second.
// outageQuick has the same proportions where it can, and is over sooner.
var (
	outageFull = outageSize{
		tunnels: 6000, sessions: 24000, echo: 10 * time.Second, patience: 10 * time.Second, redial: time.Second,
		cut: 35 * time.Second, burn: 900 * time.Microsecond, watch: 22 * time.Second, policed: 25 * time.Second, slow: 120 * time.Second, fast: 40 * time.Second,
	}
	outageQuick = outageSize{
		tunnels: 300, sessions: 1200, echo: time.Second, patience: 2 * time.Second, redial: 200 * time.Millisecond,
		cut: 3500 * time.Millisecond, burn: 2 * time.Millisecond, watch: 7 * time.Second, policed: 8 * time.Second, slow: 25 * time.Second, fast: 10 * time.Second,
	}
)

// outageRun is one of the runs that are compared.
type outageRun struct {
	name      string
	admission bool
	burn      time.Duration
	within    time.Duration
	policed   time.Duration // how long it goes on, when that is over, with policers that are made tight then; zero: it does not
}

// outage is one performance: the runs so far, and what was shown in them.
type outage struct {
	size   outageSize
	self   string // the program
	screen *live.Screen
	runs   []*storm.Recording
	shown  []report.Shown
}

// outage plays the outage three times and compares.
func (c *demoCommand) outage(ctx context.Context, size outageSize) error {
	began := time.Now()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, text := range outageText(size) {
		fmt.Println(text)
	}
	fmt.Println("Everything happens on the loopback device; the LNS forwards nothing here.")
	d := outage{size: size, self: self}
	d.screen = live.Open(ctx, os.Stdout, "holdfast demo: two of three LACs lose their link and come back", c.Plain)
	defer d.screen.Close()
	for _, run := range []outageRun{
		{name: "slow server, admission off", burn: size.burn, within: size.watch, policed: size.policed},
		{name: "same server, admission on", admission: true, burn: size.burn, within: size.slow},
		{name: "full speed, admission on", admission: true, within: size.fast},
	} {
		if err := errors.Join(d.play(ctx, &run), ctx.Err()); err != nil {
			return err
		}
	}
	d.screen.Close()
	if err := errors.Join(d.print(os.Stdout), d.write(c.Out)); err != nil {
		return err
	}
	fmt.Printf("\nThe demo took %.0f s. The curves: %s\n", time.Since(began).Seconds(), filepath.Join(c.Out, "demo.html"))
	return d.judge()
}

// play plays one run against an LNS of its own.
func (d *outage) play(ctx context.Context, run *outageRun) error {
	s, err := stage.Open(stage.Loopback, fmt.Sprintf("hf-demo-%d", os.Getpid()))
	if err != nil {
		return err
	}
	return errors.Join(d.playOn(ctx, s, run), s.Close())
}

func (d *outage) playOn(ctx context.Context, s *stage.Stage, run *outageRun) error {
	if err := s.Serve(ctx, d.self, run.configuration().Text(), "HOLDFAST_BURN="+run.burn.String(), "HOLDFAST_BURN_LATE=true"); err != nil {
		return err
	}
	steps, phases, err := d.steps(s, run)
	if err != nil {
		return err
	}
	api := scenario.NewAPI(s.Socket())
	defer api.Close()
	d.screen.Begin(live.Run{Name: run.name, Sessions: d.size.sessions, Tunnels: d.size.tunnels})
	entered, failed := 0, error(nil)
	r, err := playOn(ctx, outageStorm(d.size, s), scenario.Options{
		Name: run.name, Phases: phases, Observer: api, Sampled: d.screen.Sample,
		Entered: func(p *scenario.Phase) {
			d.screen.Enter(p.Text)
			if begin := steps[entered].begin; begin != nil {
				failed = errors.Join(failed, begin())
			}
			entered++
		},
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	r.Facts = run.facts()
	d.runs = append(d.runs, r)
	if run.policed > 0 {
		err = d.showPolicer(ctx, s, r)
	}
	return errors.Join(err, s.Kill())
}

// step is a phase of a run, and what is done to the LNS when it begins.
type step struct {
	text  string
	begin func() error
}

// steps are the same for all runs, but for how long they may take and for the
// policer.
func (d *outage) steps(s *stage.Stage, run *outageRun) (list []step, phases []scenario.Phase, err error) {
	list = []step{
		{text: "ramp in-flight 256"},
		{text: "hold for 1s"},
		{fmt.Sprintf("flap lacs 2 for %v", d.size.cut), func() error { return s.Signal(syscall.SIGUSR1) }}, // the slow server is slow from here on
		{text: fmt.Sprintf("recover within %v", run.within)},
	}
	if run.policed > 0 {
		list = append(list, step{fmt.Sprintf("recover within %v", run.policed), func() error { return s.Reload(policed(run.configuration()).Text()) }})
	}
	list = append(list, step{text: "hold for 1s"})
	for _, x := range list {
		p, err := scenario.ParsePhase(x.text)
		if err != nil {
			return nil, nil, err
		}
		phases = append(phases, p)
	}
	return list, phases, nil
}

// showPolicer marks when the policer was in force, and takes down what the LNS
// says of it.
func (d *outage) showPolicer(ctx context.Context, s *stage.Stage, r *storm.Recording) error {
	from, to := policedSpan(r)
	r.Marks = append(r.Marks, storm.Span{Name: "policed", Text: "policed", From: from, To: to})
	const words = "show ddos-protection protocols l2tp aggregate"
	var out bytes.Buffer
	err := s.Show(ctx, d.self, &out, strings.Fields(words)...)
	if err == nil && !strings.Contains(out.String(), "250 pps*") {
		err = fmt.Errorf("demo: the policer was not set: %s", s.LogTail())
	}
	d.shown = append(d.shown, report.Shown{Title: fmt.Sprintf("At the end of %q: holdfast %s", r.Name, words), Text: out.String()})
	return err
}

func outageStorm(size outageSize, s *stage.Stage) storm.Options {
	return storm.Options{
		Plan: storm.Plan{
			LNS: s.Gateways[:1], LACs: 3, Tunnels: size.tunnels, Sessions: size.sessions, Pulse: 4,
			EchoInterval: size.echo, EchoMax: 2, Patience: size.patience, RedialDelay: size.redial, RedialJitter: 4 * size.redial, RedialMax: size.redialMax,
			TunnelsInFlight: 192, Seed: 1,
		},
		Sources: s.Sources,
	}
}
