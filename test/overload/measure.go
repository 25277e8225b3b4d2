// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"holdfast/cmd/holdfast/stage"
	"holdfast/internal/admission"
	"holdfast/internal/storm"
	"holdfast/internal/storm/scenario"
	"holdfast/test/process"
)

const (
	lacs         = 3
	tunnels      = 600
	residents    = 1200 // sessions that must not notice
	patience     = 10 * time.Second
	callersMost  = 250_000 // the emulator's memory
	measureFor   = 16 * time.Second
	settleWithin = 30 * time.Second
)

// lab is where it is measured.
type lab struct {
	binary  string
	sampled func(run string, s *storm.Sample)
}

// run is one LNS, and what is done to it.
type run struct {
	name      string
	admission string // configuration statements
	burn      time.Duration
	without   string // a mechanism
	callers   int
	phases    []string
	cost      map[string]time.Duration // CPU time of the LNS when a phase began, by its text; filled in
}

// play plays a run. The server is slowed when the residents are up.
func (l *lab) play(ctx context.Context, r *run) (recording *storm.Recording, err error) {
	s, err := stage.Open(stage.Loopback, fmt.Sprintf("hf-overload-%d", os.Getpid()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	env := []string{"HOLDFAST_BURN=" + r.burn.String(), "HOLDFAST_BURN_LATE=true", "HOLDFAST_WITHOUT=" + r.without}
	if err := s.Serve(ctx, l.binary, configuration(r.admission), env...); err != nil {
		return nil, err
	}
	phases, err := r.parse()
	if err != nil {
		return nil, err
	}
	swarm, err := storm.Open(storm.Options{
		Plan: storm.Plan{
			LNS: s.Gateways[:1], LACs: lacs, Tunnels: tunnels, Sessions: residents, Callers: r.callers, Pulse: 8,
			Patience: patience, RedialDelay: time.Second, Seed: 1,
		},
		Sources: s.Sources,
	})
	if err != nil {
		return nil, err
	}
	defer swarm.Close()
	api := scenario.NewAPI(s.Socket())
	defer api.Close()
	r.cost = map[string]time.Duration{}
	var failed error
	recording, err = scenario.Run(ctx, scenario.Options{
		Name: r.name, Phases: phases, Field: swarm, Observer: api,
		Sampled: func(x *storm.Sample) { l.sampled(r.name, x) },
		Entered: func(p *scenario.Phase) {
			cpu, err := process.CPU(s.PID())
			failed = errors.Join(failed, err)
			r.cost[p.Text] = cpu
			if p.Text == phases[1].Text {
				failed = errors.Join(failed, s.Signal(syscall.SIGUSR1))
			}
		},
	})
	return recording, errors.Join(err, failed, ctx.Err(), s.Kill())
}

// parse puts the ramp before and the end behind the phases.
func (r *run) parse() (list []scenario.Phase, err error) {
	for _, text := range append(append([]string{"ramp in-flight 64", "hold for 2s"}, r.phases...), "hold for 1s") {
		p, err := scenario.ParsePhase(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// costs of a call for the server, processor time.
type costs struct {
	Cheap time.Duration `json:"cheap_ns"` // one that is offered and not set up
	Dear  time.Duration `json:"dear_ns"`  // one that is set up, at full speed
}

// costs measures c and s at full speed. The server may set up one call at a
// time, so that nearly all that are offered are not.
func (l *lab) costs(ctx context.Context, d time.Duration) (c costs, err error) {
	const rate = 15_000
	closed := fmt.Sprintf("measure in-flight 64 for %v", d)
	open := fmt.Sprintf("overload times 1 capacity %d for %v", rate, d)
	all := run{name: "costs: all set up", callers: 2000, phases: []string{closed, "hold for 100ms", "settle within 10s"}}
	first, err := l.play(ctx, &all)
	if err != nil {
		return c, err
	}
	up := came(first, "measure")
	c.Dear = (all.cost["hold for 100ms"] - all.cost[closed]) / time.Duration(max(up, 1))

	few := run{
		name: "costs: few set up", callers: 12 * rate, admission: "minimum-slots 1; maximum-slots 1;",
		phases: []string{open, "hold for 100ms", "settle within 20s"},
	}
	second, err := l.play(ctx, &few)
	if err != nil || len(second.Overload) == 0 {
		return c, errors.Join(err, errors.New("overload: nothing was offered"))
	}
	o := &second.Overload[0]
	took := o.To - o.From
	refused := (o.Offered - o.Goodput) * took
	spent := few.cost["hold for 100ms"] - few.cost[open] - time.Duration(o.Goodput*took)*c.Dear
	c.Cheap = time.Duration(float64(spent) / max(refused, 1))
	return c, nil
}

// came is how many calls came up in a phase.
func came(r *storm.Recording, phase string) (n int) {
	last := 0.0
	for i := range r.Samples {
		if s := &r.Samples[i]; s.Phase == phase {
			n += int(s.Came*(s.At-last) + 0.5)
		}
		last = r.Samples[i].At
	}
	return n
}

// sweep offers multiples of the capacity, each for d.
func (l *lab) sweep(ctx context.Context, name string, burn time.Duration, times []float64, d time.Duration, c costs, expected float64,
) (*storm.Recording, error) {
	settle := fmt.Sprintf("settle within %v", settleWithin)
	r := run{name: name, burn: burn, phases: []string{fmt.Sprintf("measure in-flight 64 for %v", min(measureFor, 2*d)), settle}}
	most := 0.0
	for _, k := range times {
		r.phases = append(r.phases, fmt.Sprintf("overload times %g for %v", k, d), settle)
		most = max(most, k)
	}
	r.callers = min(int(most*expected*1.2*patience.Seconds())+1000, callersMost)
	recording, err := l.play(ctx, &r)
	if recording != nil {
		for i := range recording.Overload {
			o := &recording.Overload[i]
			o.Cheap, o.Dear = microseconds(c.Cheap), 1e6/o.Capacity
			if burn == 0 {
				o.Dear = microseconds(c.Dear)
			}
		}
		recording.Facts = []storm.Fact{{Name: "burned for a set-up", Value: (dearSteps * burn).String()}}
	}
	return recording, err
}

// ablation switches one mechanism after another off.
func (l *lab) ablation(ctx context.Context, burn time.Duration, capacity float64, times []float64, d time.Duration) (list []*storm.Recording, err error) {
	for _, without := range append([]string{""}, admission.MechanismNames()...) {
		name := "everything on"
		if without != "" {
			name = "without " + strings.ReplaceAll(without, "-", " ")
		}
		r := run{name: name, burn: burn, without: without}
		most := 0.0
		for _, k := range times {
			r.phases = append(r.phases, fmt.Sprintf("overload times %g capacity %.1f for %v", k, capacity, d),
				fmt.Sprintf("settle within %v", settleWithin))
			most = max(most, k)
		}
		r.callers = min(int(most*capacity*1.2*patience.Seconds())+1000, callersMost)
		recording, err := l.play(ctx, &r)
		if err != nil {
			return list, err
		}
		list = append(list, recording)
	}
	return list, nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
