// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
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

// Addresses of attacks on the data plane: what subscribers may have, what none of
// them gets as long as there are others, and where the echo service is.
const (
	pool     = "100.64.0.0/14"
	unused   = "100.67.0.0/16"
	echoHost = "203.0.113.2/32"
)

// mark is what the LNS had spent and dropped when a phase began.
type mark struct {
	cpu   time.Duration
	drops drops
	pause time.Duration // the longest since the mark before
}

// lab is where it is measured.
type lab struct {
	*options
	sampled func(run string, s *storm.Sample)
	watch   watch
}

// play plays all attacks on an LNS that is protected so.
func (l *lab) play(ctx context.Context, name, protection string) (x *run, err error) {
	s, err := stage.Open(l.mode(), fmt.Sprintf("hf-attack-%d", os.Getpid()))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Serve(ctx, l.binary, configuration(protection)); err != nil {
		return nil, err
	}
	phases, err := l.phases(s.Attacker)
	if err != nil {
		return nil, err
	}
	swarm, err := storm.Open(storm.Options{
		Plan: storm.Plan{
			LNS: s.Gateways[:1], LACs: lacs, Tunnels: l.tunnels, Sessions: l.sessions, Pulse: 8, Secret: secret,
			Callers: int(1.1*l.logins*(patience+talk).Seconds()) + lacs, Patience: patience, RedialDelay: time.Second, Seed: 1,
			Traffic: storm.Traffic{To: s.Targets[:min(len(s.Targets), 1)]},
		},
		Sources: s.Sources, Listen: s.Listen, Behind: s.ListenBehind,
	})
	if err != nil {
		return nil, err
	}
	defer swarm.Close()
	api := scenario.NewAPI(s.Socket())
	defer api.Close()
	defer l.watch.begin()()
	var marks []mark
	var failed error
	record, err := scenario.Run(ctx, scenario.Options{
		Name: name, Phases: phases, Field: swarm, Observer: api,
		Sampled: func(s *storm.Sample) { l.sampled(name, s) },
		Entered: func(*scenario.Phase) {
			m, err := l.takeMark(s)
			marks, failed = append(marks, m), errors.Join(failed, err)
		},
	})
	if err = errors.Join(err, failed, ctx.Err()); err != nil {
		return nil, err
	}
	return newRun(record, marks), s.Kill()
}

func (l *lab) takeMark(s *stage.Stage) (m mark, err error) {
	m.pause = l.watch.longest()
	if m.cpu, err = process.CPU(s.PID()); err == nil {
		m.drops, err = scrape(s.Dial)
	}
	return m, err
}

// phases are the quiet and the attacks, whose packets come from addresses of from.
func (l *lab) phases(from netip.Prefix) (list []scenario.Phase, err error) {
	attacks, err := l.attacks()
	if err != nil {
		return nil, err
	}
	honest := fmt.Sprintf("overload times 1 capacity %g talk %v for %v", l.logins, talk, l.each)
	settle := fmt.Sprintf("settle within %v", min(settleMost, l.each))
	texts := []string{"ramp in-flight 64"}
	if !l.loopback {
		texts = append(texts, fmt.Sprintf("traffic rate %g", l.traffic))
	}
	texts = append(texts, settle, honest)
	for _, a := range attacks {
		way := "from " + from.String()
		switch a.kind {
		case storm.AttackSpoof:
			way = "from " + pool
		case storm.AttackNobody:
			way = "from " + echoHost + " to " + unused
		}
		texts = append(texts, settle, fmt.Sprintf("attack with %v rate %g %s", a.kind, a.rate, way), honest, "attack")
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
