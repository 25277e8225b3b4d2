// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"holdfast/cmd/holdfast/stage"
	"holdfast/internal/storm"
	"holdfast/internal/storm/scenario"
	"holdfast/test/process"
)

const (
	lacs     = 3
	patience = 10 * time.Second
	talk     = time.Second // of those who log in

	// Calls that an attacker has left in set-up outlast any pause that one could make.
	settleMost = 10 * time.Second
)

// from is where the attacker's packets come from: addresses that are this host's
// and that no stage uses.
const from = "127.0.128.0/17"

// mark is what the LNS had spent and dropped when a phase began.
type mark struct {
	cpu   time.Duration
	drops drops
}

// lab is where it is measured.
type lab struct {
	*options
	sampled func(run string, s *storm.Sample)
}

// play plays all attacks on an LNS that is protected so.
func (l *lab) play(ctx context.Context, name, protection string) (x *run, err error) {
	s, err := stage.Open(stage.Loopback, fmt.Sprintf("hf-attack-%d", os.Getpid()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Serve(ctx, l.binary, configuration(protection)); err != nil {
		return nil, err
	}
	phases, err := l.phases()
	if err != nil {
		return nil, err
	}
	swarm, err := storm.Open(storm.Options{
		Plan: storm.Plan{
			LNS: s.Gateways[:1], LACs: lacs, Tunnels: l.tunnels, Sessions: l.sessions, Pulse: 8, Secret: secret,
			Callers: int(1.1*l.logins*(patience+talk).Seconds()) + lacs, Patience: patience, RedialDelay: time.Second, Seed: 1,
		},
		Sources: s.Sources,
	})
	if err != nil {
		return nil, err
	}
	defer swarm.Close()
	api := scenario.NewAPI(s.Socket())
	defer api.Close()
	var marks []mark
	var failed error
	record, err := scenario.Run(ctx, scenario.Options{
		Name: name, Phases: phases, Field: swarm, Observer: api,
		Sampled: func(s *storm.Sample) { l.sampled(name, s) },
		Entered: func(*scenario.Phase) {
			m, err := takeMark(s)
			marks, failed = append(marks, m), errors.Join(failed, err)
		},
	})
	if err = errors.Join(err, failed, ctx.Err()); err != nil {
		return nil, err
	}
	return newRun(record, marks), s.Kill()
}

func takeMark(s *stage.Stage) (m mark, err error) {
	if m.cpu, err = process.CPU(s.PID()); err == nil {
		m.drops, err = scrape(s.Dial)
	}
	return m, err
}

// phases are the quiet and the attacks.
func (l *lab) phases() (list []scenario.Phase, err error) {
	honest := fmt.Sprintf("overload times 1 capacity %g talk %v for %v", l.logins, talk, l.each)
	settle := fmt.Sprintf("settle within %v", min(settleMost, l.each))
	texts := []string{"ramp in-flight 64", settle, honest}
	for _, kind := range strings.Split(l.kinds, ",") {
		texts = append(texts, settle, fmt.Sprintf("attack with %s rate %g from %s", kind, l.rate, from), honest, "attack")
	}
	for _, text := range append(texts, settle, "hold for 1s") {
		p, err := scenario.ParsePhase(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
