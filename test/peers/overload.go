// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/internal/storm"
	"holdfast/ppp"
)

// Overload is how an LNS that is bounded to a share of a processor bears more
// calls than it can serve.
type Overload struct {
	Share    float64   `json:"share_of_a_processor"`
	Capacity float64   `json:"logins_per_second"` // with a window of calls in set-up
	Steps    []Goodput `json:"steps"`
}

// Goodput is one open-loop run: calls come at a rate whatever becomes of them,
// each modem dials once, and gives up after its patience.
type Goodput struct {
	Multiple    float64 `json:"times_capacity"`
	Offered     float64 `json:"offered_per_second"` // as the emulator could
	Up          float64 `json:"up_per_second"`
	Goodput     float64 `json:"goodput"` // up by the lesser of offered and capacity
	P99         float64 `json:"setup_p99_ms"`
	TunnelsLost uint64  `json:"tunnels_lost"`
}

// overload measures the capacity of a capped LNS, then offers multiples of it.
func (b *bench) overload(ctx context.Context, s server, z *sizes) (*Overload, error) {
	limit, err := newCap()
	if err != nil {
		return nil, err
	}
	x := &Overload{Share: z.share}
	p := z.plan(ppp.PAP)
	p.Sessions = z.cappedSessions
	g, err := b.capped(ctx, s, z, limit, p)
	if err == nil {
		x.Capacity = g.Up
	}
	for _, k := range z.multiples {
		if err != nil {
			break
		}
		p := z.plan(ppp.PAP)
		p.Rate = k * x.Capacity
		p.Sessions = max(int(p.Rate*(z.lead+z.window+tunnelsTime).Seconds()), p.Tunnels)
		p.InFlight = p.Sessions
		p.RedialDelay = -1
		if g, err = b.capped(ctx, s, z, limit, p); err == nil {
			g.Multiple, g.Goodput = k, g.Up/min(g.Offered, x.Capacity)
			x.Steps = append(x.Steps, *g)
		}
	}
	return x, errors.Join(err, limit.close())
}

// tunnelsTime is for how much longer than the window lasts calls can be offered:
// the first ones come while tunnels are being opened.
const tunnelsTime = 4 * time.Second

// capped runs a plan against an LNS that is bounded as soon as all tunnels are
// up, and free again when the calls hang up: neither is what is measured. The
// window begins when the bound has been there for a while.
func (b *bench) capped(ctx context.Context, s server, z *sizes, limit *cpuCap, p storm.Plan) (g *Goodput, err error) {
	err = b.with(ctx, s, ppp.PAP, func(c *scene) error {
		if err := limit.add(c.lns.pid()); err != nil {
			return err
		}
		running, stop := context.WithCancel(ctx)
		defer stop()
		var samples curve
		var bounded time.Time
		var failed error
		o := c.options(p)
		o.Stall = time.Minute // the window's end ends it
		o.Every = sampleInterval
		o.Progress = func(p storm.Progress) {
			samples.progress(p)
			switch {
			case running.Err() != nil:
			case bounded.IsZero() && p.Total.Tunnels == o.Plan.Tunnels:
				bounded, failed = time.Now(), limit.bound(z.share)
			case !bounded.IsZero() && time.Since(bounded) > z.lead+z.window+sampleInterval:
				failed = errors.Join(failed, limit.bound(0))
				stop()
			}
		}
		r, err := storm.Run(running, o)
		if err = errors.Join(err, failed, ctx.Err()); err != nil {
			return err
		}
		if running.Err() == nil {
			return errors.Join(limit.bound(0), fmt.Errorf("the run ended before its window, with %d of %d tunnels and %d of %d sessions",
				r.TunnelsUp, r.Tunnels, r.SessionsUp, r.Sessions))
		}
		g = goodput(samples.after(bounded.Add(z.lead)), z.window)
		g.TunnelsLost = r.Lost
		return nil
	})
	return g, err
}

// goodput is what happened in a window that begins with the first sample.
func goodput(samples []sample, window time.Duration) *Goodput {
	a, o := samples[0], samples[0]
	for _, s := range samples {
		if o = s; s.at.Sub(a.at) >= window {
			break
		}
	}
	took := o.at.Sub(a.at).Seconds()
	g := &Goodput{Offered: float64(o.offered-a.offered) / took, Up: float64(o.callsUp-a.callsUp) / took}
	if setup := o.setup.Since(&a.setup); setup.Count() > 0 {
		g.P99 = float64(setup.Quantile(0.99)) / float64(time.Millisecond)
	}
	return g
}
