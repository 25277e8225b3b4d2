// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/storm"
	"holdfast/ppp"
	"holdfast/test/process"
)

// Login is log-ins as fast as a window of calls in set-up lets.
type Login struct {
	Sessions      int             `json:"sessions"`
	PerSecond     float64         `json:"logins_per_second"`
	Setup         storm.Quantiles `json:"setup_ms"`
	CPU           float64         `json:"lns_cpu_us_per_login"` // 0: not known
	EmulatorCPU   float64         `json:"emulator_cpu_us_per_login"`
	Failed        uint64          `json:"calls_failed"`
	RSSBefore     float64         `json:"rss_bytes_without_sessions"`
	RSSPerSession float64         `json:"rss_bytes_per_session"`
}

// usage is what an LNS has cost so far; zero for one that is no process.
type usage struct {
	cpu time.Duration
	rss int64
}

func use(i instance) (u usage, err error) {
	if i.pid() == 0 {
		return u, nil
	}
	var failed error
	u.cpu, err = process.CPU(i.pid())
	u.rss, failed = process.Resident(i.pid())
	return u, errors.Join(err, failed)
}

// plan is what all storms have in common. l2tpns takes a second SCCRQ of a LAC
// for a copy of the first while that tunnel is being opened: one at a time.
func (z *sizes) plan(auth ppp.AuthMethod) storm.Plan {
	return storm.Plan{
		LACs: lacCount, Tunnels: z.tunnels, Sessions: z.sessions, InFlight: z.inFlight, TunnelsInFlight: lacCount,
		Auth: []ppp.AuthMethod{auth}, User: userName, Password: password,
		EchoInterval: -1, Seed: 1,
	}
}

// options has a plan dialled on a scene.
func (s *scene) options(p storm.Plan) storm.Options {
	p.LNS = append(p.LNS, gateway)
	return storm.Options{Plan: p, Sources: s.sources(), Listen: s.listen}
}

// login measures log-ins.
func (b *bench) login(ctx context.Context, s server, z *sizes, auth ppp.AuthMethod) (x *Login, err error) {
	err = b.with(ctx, s, auth, func(c *scene) error {
		before, err := use(c.lns)
		if err != nil {
			return err
		}
		var after usage
		var failed error
		o := c.options(z.plan(auth))
		o.AtHold = func() { after, failed = use(c.lns) }
		r, err := storm.Run(ctx, o)
		if err = errors.Join(err, failed, ctx.Err()); err != nil {
			return err
		}
		n := float64(max(r.SessionsUp, 1))
		x = &Login{
			Sessions: r.SessionsUp, PerSecond: r.LoginsPerS, Setup: r.Setup,
			CPU:         float64((after.cpu - before.cpu).Microseconds()) / n,
			EmulatorCPU: r.CPUPerLoginUS,
			Failed:      r.Offered - min(uint64(r.SessionsUp), r.Offered),
			RSSBefore:   float64(before.rss), RSSPerSession: float64(after.rss-before.rss) / n,
		}
		if r.SessionsUp < r.Sessions {
			return fmt.Errorf("%s: log-ins by %v: %s", s.name, auth, strings.Join(r.Faults(), "; "))
		}
		return nil
	})
	return x, err
}

// medianLogin is the run of middle rate among several.
func (b *bench) medianLogin(ctx context.Context, s server, z *sizes, auth ppp.AuthMethod) (*Login, error) {
	var runs []*Login
	for range z.repeat {
		x, err := b.login(ctx, s, z, auth)
		if err != nil {
			return x, err
		}
		runs = append(runs, x)
	}
	slices.SortFunc(runs, func(a, b *Login) int { return cmp.Compare(a.PerSecond, b.PerSecond) })
	return runs[len(runs)/2], nil
}
