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
	name    string
	burn    time.Duration
	without string // a mechanism
	callers int
	phases  []string
	marks   []mark // when each phase began; filled in
}

// play plays a run. The server is slowed when the residents are up.
func (l *lab) play(ctx context.Context, r *run) (recording *storm.Recording, err error) {
	s, err := stage.Open(stage.Loopback, fmt.Sprintf("hf-overload-%d", os.Getpid()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	env := []string{"HOLDFAST_BURN=" + r.burn.String(), "HOLDFAST_BURN_LATE=true", "HOLDFAST_WITHOUT=" + r.without}
	if err := s.Serve(ctx, l.binary, stage.Configuration{Processes: "shards 1;"}.Text(), env...); err != nil {
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
	var failed error
	recording, err = scenario.Run(ctx, scenario.Options{
		Name: r.name, Phases: phases, Field: swarm, Observer: api,
		Sampled: func(x *storm.Sample) { l.sampled(r.name, x) },
		Entered: func(p *scenario.Phase) {
			cpu, err := process.CPU(s.PID())
			failed = errors.Join(failed, err)
			r.marks = append(r.marks, mark{text: p.Text, cpu: cpu})
			if len(r.marks) == 2 { // the residents are up
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

// probe is a fifth of the capacity: what a caller meets when nothing is wrong.
const probe = "overload times 0.2 for %v"

// The probe before the sweep, right behind each surge, and from two seconds after it.
const (
	quietFor  = 10 * time.Second
	behindFor = 2 * time.Second
	afterFor  = 8 * time.Second
)

// sweep offers multiples of the capacity, each for d, with a probe before all and
// behind each.
func (l *lab) sweep(ctx context.Context, name string, burn time.Duration, times []float64, d time.Duration, expected float64) (*sweep, error) {
	r := run{name: name, burn: burn, phases: []string{
		fmt.Sprintf("measure in-flight 64 for %v", min(measureFor, 2*d)), "settle within 5s", fmt.Sprintf(probe, min(quietFor, d)), "settle within 5s",
	}}
	most := 0.0
	for _, k := range times {
		r.phases = append(r.phases, fmt.Sprintf("overload times %g for %v", k, d), fmt.Sprintf(probe, min(behindFor, d)),
			fmt.Sprintf(probe, min(afterFor, d)), fmt.Sprintf("settle within %v", settleWithin))
		most = max(most, k)
	}
	r.callers = min(int(most*expected*1.2*patience.Seconds())+1000, callersMost)
	recording, err := l.play(ctx, &r)
	if recording == nil {
		return nil, err
	}
	recording.Facts = []storm.Fact{{Name: "burned for a set-up", Value: (dearSteps * burn).String()}}
	return newSweep(recording, r.marks, len(times)), err
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
