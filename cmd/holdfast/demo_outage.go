// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	cut               time.Duration
	burn              time.Duration // processor time on top of each dear step
	watch             time.Duration // how long nobody comes back until that is called never
	slow, fast        time.Duration // how long the others may take
}

// outageFull is the size of the outage of record: 6,000 tunnels, 24,000
// sessions, two of three LACs cut off, a server of 222 calls a second.
// outageQuick has the same proportions where it can, and is over sooner.
var (
	outageFull = outageSize{
		tunnels: 6000, sessions: 24000, echo: 10 * time.Second, patience: 10 * time.Second, redial: time.Second,
		cut: 35 * time.Second, burn: 900 * time.Microsecond, watch: 30 * time.Second, slow: 120 * time.Second, fast: 40 * time.Second,
	}
	outageQuick = outageSize{
		tunnels: 300, sessions: 1200, echo: time.Second, patience: 2 * time.Second, redial: 200 * time.Millisecond,
		cut: 3500 * time.Millisecond, burn: 2 * time.Millisecond, watch: 8 * time.Second, slow: 25 * time.Second, fast: 10 * time.Second,
	}
)

// outageRun is one of the runs that are compared.
type outageRun struct {
	name      string
	admission bool
	burn      time.Duration
	within    time.Duration
}

// outageConfig is the configuration of the LNS; noAdmission, put into it, makes
// a server that answers every call, late.
const outageConfig = `
system { host-name lns1; processes { holdfast { shards 1; } } }
interfaces { lo0 { unit 0 { family inet { address 198.51.100.1/32; } } } si-1/0/0; }
access {
    profile lacs { client default { user-group-profile subscribers; } }
    profile residential { authentication-order none; }
    group-profile subscribers { ppp { framed-pool pool-v4; } }
    address-assignment { pool pool-v4 { family inet { network 100.64.0.0/16; } } }
}
services {
    l2tp {
        /* admission */
        tunnel { idle-timeout 0; }
        tunnel-group north {
            l2tp-access-profile lacs;
            aaa-access-profile residential;
            local-gateway { address 192.0.2.1; }
            service-interface si-1/0/0;
            dynamic-profile lns-session;
        }
    }
}
dynamic-profiles {
    lns-session {
        interfaces {
            "$junos-interface-ifd-name" {
                unit "$junos-interface-unit" {
                    ppp-options { chap; }
                    family inet { unnumbered-address "$junos-loopback-interface"; }
                }
            }
        }
    }
}
`

const noAdmission = `admission { disable; } redial-replaces { disable; }`

func (r *outageRun) config() string {
	if r.admission {
		return outageConfig
	}
	return strings.Replace(outageConfig, "/* admission */", noAdmission, 1)
}

// outage plays the outage three times and compares.
func (c *demoCommand) outage(ctx context.Context, size outageSize) error {
	began := time.Now()
	runs := []outageRun{
		{name: "slow server, admission off", burn: size.burn, within: size.watch},
		{name: "same server, admission on", admission: true, burn: size.burn, within: size.slow},
		{name: "full speed, admission on", admission: true, within: size.fast},
	}
	c.outagePrologue(os.Stdout, size)
	screen := live.Open(ctx, os.Stdout, "holdfast demo: two of three LACs lose their link and come back", c.Plain)
	defer screen.Close()
	var recordings []*storm.Recording
	for i := range runs {
		r, err := playOutage(ctx, screen, size, &runs[i])
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		recordings = append(recordings, r)
	}
	screen.Close()
	fmt.Fprintln(os.Stdout)
	if err := errors.Join(report.WriteTable(os.Stdout, recordings), c.writeOutage(recordings, size)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "\nThe demo took %.0f s. The curves: %s\n", time.Since(began).Seconds(), filepath.Join(c.Out, "demo.html"))
	return judgeOutage(recordings, size)
}

// outageText says what is going to happen, on the terminal and in the report.
func outageText(size outageSize) []string {
	perCall := dearSteps * size.burn
	return []string{
		fmt.Sprintf("%d sessions in %d tunnels from 3 LACs. Two LACs lose their link for %v: their modems hear nothing, hang up, and dial again, "+
			"for %v each time, with %v to %v between calls. The tunnels live on.", size.sessions, size.tunnels, size.cut, size.patience, size.redial, 5*size.redial),
		fmt.Sprintf("Three runs of the same program and the same emulator. In the first two the server burns %v of processor time in each of the %d dear steps "+
			"of a set-up, from the cut on: %.0f calls a second. The first answers every call in order; the second and the third choose.",
			size.burn, dearSteps, float64(time.Second)/float64(perCall)),
		"A call that waits to be set up counts as Init.",
	}
}

func (c *demoCommand) outagePrologue(w io.Writer, size outageSize) {
	for _, text := range outageText(size) {
		fmt.Fprintln(w, text)
	}
	fmt.Fprintln(w, "Everything happens on the loopback device; the LNS forwards nothing here.")
}

// playOutage plays one run against an LNS of its own.
func playOutage(ctx context.Context, screen *live.Screen, size outageSize, run *outageRun) (*storm.Recording, error) {
	s, err := stage.Open(stage.Loopback, fmt.Sprintf("hf-demo-%d", os.Getpid()))
	if err != nil {
		return nil, err
	}
	r, err := serveOutage(ctx, s, screen, size, run)
	return r, errors.Join(err, s.Close())
}

func serveOutage(ctx context.Context, s *stage.Stage, screen *live.Screen, size outageSize, run *outageRun) (*storm.Recording, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := s.Serve(ctx, self, run.config(), "HOLDFAST_BURN="+run.burn.String(), "HOLDFAST_BURN_LATE=true"); err != nil {
		return nil, err
	}
	api := scenario.NewAPI(s.Socket())
	defer api.Close()
	phases, err := outagePhases(size, run)
	if err != nil {
		return nil, err
	}
	screen.Begin(live.Run{Name: run.name, Sessions: size.sessions, Tunnels: size.tunnels})
	r, err := playOn(ctx, outageStorm(size, s), scenario.Options{
		Name: run.name, Phases: phases, Observer: api, Sampled: screen.Sample,
		Entered: func(p *scenario.Phase) {
			screen.Enter(p.Text)
			if p.Name == "flap" {
				err = errors.Join(err, s.Signal(syscall.SIGUSR1)) // the slow server is slow from here on
			}
		},
	})
	if r != nil {
		r.Facts = run.facts()
	}
	return r, errors.Join(err, s.Kill())
}

// outagePhases are the same for all runs, but for how long they may take.
func outagePhases(size outageSize, run *outageRun) (phases []scenario.Phase, err error) {
	for _, text := range []string{
		"ramp in-flight 256",
		fmt.Sprintf("hold for %v", size.cut/10),
		fmt.Sprintf("flap lacs 2 for %v", size.cut),
		fmt.Sprintf("recover within %v", run.within),
		"hold for 2s",
	} {
		p, err := scenario.ParsePhase(text)
		if err != nil {
			return nil, err
		}
		phases = append(phases, p)
	}
	return phases, nil
}

func outageStorm(size outageSize, s *stage.Stage) storm.Options {
	return storm.Options{
		Plan: storm.Plan{
			LNS: s.Gateways[:1], LACs: 3, Tunnels: size.tunnels, Sessions: size.sessions, Pulse: 4,
			EchoInterval: size.echo, EchoMax: 2, Patience: size.patience, RedialDelay: size.redial, RedialJitter: 4 * size.redial,
			TunnelsInFlight: 192, Seed: 1,
		},
		Sources: s.Sources,
	}
}

// facts are what was different about a run.
func (r *outageRun) facts() []storm.Fact {
	admission, speed := "off", "nothing"
	if r.admission {
		admission = "on"
	}
	if r.burn > 0 {
		speed = fmt.Sprintf("%v: %.0f calls/s", dearSteps*r.burn, float64(time.Second)/float64(dearSteps*r.burn))
	}
	return []storm.Fact{{Name: "admission", Value: admission}, {Name: "burned for a set-up", Value: speed}}
}

// writeOutage writes the report and what it was made of.
func (c *demoCommand) writeOutage(recordings []*storm.Recording, size outageSize) error {
	page := report.Page{Title: "Two of three LACs lose their link and come back", Intro: outageText(size), Runs: recordings}
	err := errors.Join(
		writeFile(filepath.Join(c.Out, "demo.html"), page.Write),
		writeFile(filepath.Join(c.Out, "demo.json"), func(w io.Writer) error { return writeJSON(w, recordings) }))
	for i, r := range recordings {
		err = errors.Join(err, writeFile(filepath.Join(c.Out, fmt.Sprintf("demo-%d.csv", i+1)), r.WriteCSV))
	}
	return err
}

// judgeOutage says what did not go as it must: without admission the server
// must have done less than half of what it could, or the emulator was too kind;
// with it everybody must be back and nothing may be lost.
func judgeOutage(recordings []*storm.Recording, size outageSize) error {
	var errs []error
	for i, r := range recordings {
		if len(r.Outages) != 1 {
			errs = append(errs, fmt.Errorf("demo: %s: no outage was recorded", r.Name))
			continue
		}
		o := &r.Outages[0]
		switch {
		case i == 0:
			could := size.watch.Seconds() / (dearSteps * size.burn).Seconds()
			if back := o.ActiveAtEnd - o.Before + int(o.Dropped); float64(back) > could/2 {
				errs = append(errs, fmt.Errorf("demo: %s: %d came back, of %.0f that could: this storm was none", r.Name, back, could))
			}
		case o.BackAfter < 0:
			errs = append(errs, fmt.Errorf("demo: %s: %d of %d were up at the end", r.Name, o.ActiveAtEnd, o.Before))
		case o.TunnelsLost+o.UntouchedLost > 0:
			errs = append(errs, fmt.Errorf("demo: %s: %d tunnels and %d sessions elsewhere were lost", r.Name, o.TunnelsLost, o.UntouchedLost))
		}
	}
	return errors.Join(errs...)
}
