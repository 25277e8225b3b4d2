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
	"holdfast/ppp"
	"holdfast/test/process"
)

// Login is one run of log-ins, SCCRQ to IPCP opened, with CHAP.
type Login struct {
	Sessions     int             `json:"sessions"`
	Tunnels      int             `json:"tunnels"`
	PerSecond    float64         `json:"logins_per_second"`
	Setup        storm.Quantiles `json:"setup_ms"`
	CPU          float64         `json:"lns_cpu_us_per_login"`
	EmulatorCPU  float64         `json:"emulator_cpu_us_per_login"`
	Failed       uint64          `json:"calls_failed"`
	PerKiloPlain float64         `json:"logins_per_1000_plain_datagrams"`
}

// Memory is what many sessions weigh.
type Memory struct {
	Sessions        int     `json:"sessions"`
	HeapPerSession  float64 `json:"heap_bytes_per_session"`
	RSSPerSession   float64 `json:"rss_bytes_per_session"`
	HeapBefore      float64 `json:"heap_bytes_without_sessions"`
	RSSBefore       float64 `json:"rss_bytes_without_sessions"`
	LoginsPerSecond float64 `json:"logins_per_second"`
}

// memoryGOGC makes the collector run so often that the heap is what is live, to 5 %.
const memoryGOGC = "GOGC=5"

// plan is what all runs have in common.
func plan(sessions, tunnels int, rate float64) storm.Plan {
	return storm.Plan{
		LACs: 3, Tunnels: tunnels, Sessions: sessions, Rate: rate, InFlight: 384,
		Auth: []ppp.AuthMethod{ppp.CHAP}, EchoInterval: -1, Seed: 1,
	}
}

// lab is where runs happen.
type lab struct {
	mode   stage.Mode
	binary string
}

// with calls f with a stage on which an LNS for so many subscribers runs.
func (l lab) with(ctx context.Context, subscribers int, env []string, f func(*stage.Stage) error) error {
	s, err := stage.Open(l.mode, fmt.Sprintf("hf-bench-%d", os.Getpid()))
	if err != nil {
		return err
	}
	err = s.Serve(ctx, l.binary, configuration(subscribers), env...)
	if err == nil {
		err = f(s)
	}
	return errors.Join(err, s.Close())
}

// login measures one run at the plan's rate.
func (l lab) login(ctx context.Context, p storm.Plan) (x *Login, err error) {
	err = l.with(ctx, p.Sessions, nil, func(s *stage.Stage) (err error) {
		x, err = logins(ctx, s, p)
		return err
	})
	return x, err
}

// logins measures one run with an LNS that serves.
func logins(ctx context.Context, s *stage.Stage, p storm.Plan) (*Login, error) {
	before, err := process.CPU(s.PID())
	if err != nil {
		return nil, err
	}
	var after time.Duration
	var failed error
	result, err := storm.Run(ctx, options(s, p, func() { after, failed = process.CPU(s.PID()) }))
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	return &Login{
		Sessions: result.SessionsUp, Tunnels: result.TunnelsUp,
		PerSecond: result.LoginsPerS, Setup: result.Setup,
		CPU:         float64((after - before).Microseconds()) / float64(max(result.SessionsUp, 1)),
		EmulatorCPU: result.CPUPerLoginUS,
		Failed:      result.Offered - min(uint64(result.SessionsUp), result.Offered),
	}, complete(result)
}

// beside puts a run in relation to plain UDP of the same machine.
func (x *Login) beside(p PlainUDP) *Login {
	if x != nil {
		x.PerKiloPlain = 1000 * x.PerSecond / p.PerSecond
	}
	return x
}

// memory measures what the plan's sessions weigh while they are up.
func (l lab) memory(ctx context.Context, p storm.Plan) (x *Memory, err error) {
	err = l.with(ctx, p.Sessions, []string{memoryGOGC}, func(s *stage.Stage) error {
		before, err := weigh(ctx, s)
		if err != nil {
			return err
		}
		var after weight
		var failed error
		result, err := storm.Run(ctx, options(s, p, func() { after, failed = weigh(ctx, s) }))
		if err = errors.Join(err, failed); err != nil {
			return err
		}
		n := float64(max(result.SessionsUp, 1))
		x = &Memory{
			Sessions:       result.SessionsUp,
			HeapPerSession: (after.heap - before.heap) / n, RSSPerSession: (after.rss - before.rss) / n,
			HeapBefore: before.heap, RSSBefore: before.rss,
			LoginsPerSecond: result.LoginsPerS,
		}
		return complete(result)
	})
	return x, err
}

func options(s *stage.Stage, p storm.Plan, atHold func()) storm.Options {
	p.LNS = s.Gateways
	return storm.Options{Plan: p, Sources: s.Sources, Listen: s.Listen, AtHold: atHold}
}

func complete(r *storm.Result) error {
	if r.Complete {
		return nil
	}
	return fmt.Errorf("log-ins: %s", strings.Join(r.Faults(), "; "))
}
