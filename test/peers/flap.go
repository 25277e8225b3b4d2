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

// Flap is what became of the sessions of two LACs out of three whose links were
// down for a while.
type Flap struct {
	Sessions    int     `json:"sessions"`
	Cut         int     `json:"sessions_behind_cut_links"`
	CutSeconds  float64 `json:"cut_s"`
	Recovery            // of sessions
	Dropped     uint64  `json:"sessions_dropped"` // by their modems or by the LNS, again included
	TunnelsLost uint64  `json:"tunnels_lost"`
	CPU         float64 `json:"lns_cpu_s"` // from the link's return until all were back
	RSS         float64 `json:"rss_bytes_at_end"`
}

// flapPlan has modems that find their line dead after three echo intervals: the
// first echo after the last answer, and two more that stay unanswered, take up
// to 30 s of the usual 10. There is no window: whoever wants to dial dials, and
// only the LACs' pace is bounded.
func (z *sizes) flapPlan() storm.Plan {
	p := z.plan(ppp.PAP)
	p.InFlight, p.Rate = z.sessions, z.pace
	p.EchoInterval, p.EchoMax, p.RedialDelay = z.echo, 2, z.redial
	return p
}

// flap cuts links and mends them.
func (b *bench) flap(ctx context.Context, s server, z *sizes) (x *Flap, err error) {
	err = b.with(ctx, s, ppp.PAP, func(c *scene) error {
		var samples curve
		f := flapRun{scene: c, sizes: z, samples: &samples}
		o := c.options(z.flapPlan())
		o.Every, o.Progress = sampleInterval, samples.progress
		o.AtHold = func() { f.err = f.play(ctx) }
		r, err := storm.Run(ctx, o)
		if err = errors.Join(err, f.err, ctx.Err()); err != nil {
			return err
		}
		if f.since == nil {
			return fmt.Errorf("only %d of %d sessions came up", r.SessionsUp, r.Sessions)
		}
		x = &Flap{
			Sessions: r.SessionsUp, Cut: r.Sessions / lacCount * cutCount, CutSeconds: z.cut.Seconds(),
			Recovery:    recovery(f.since, f.mended, r.Sessions),
			TunnelsLost: r.Lost, CPU: f.cpu.Seconds(), RSS: float64(f.rss),
		}
		for _, n := range r.Dropped {
			x.Dropped += n
		}
		return nil
	})
	return x, err
}

// flapRun is one flap.
type flapRun struct {
	*scene
	*sizes
	samples *curve
	since   []sample  // from the cut until all were back; nil: not all sessions came up
	mended  time.Time // when the link was back
	cpu     time.Duration
	rss     int64
	err     error
}

// play runs beside the storm when its ramp has ended.
func (f *flapRun) play(ctx context.Context) error {
	if err := pause(ctx, f.settle); err != nil {
		return err
	}
	if f.samples.sessions() < f.sessions {
		return nil // there is nothing to compare
	}
	cutAt := time.Now()
	if err := f.scene.cut(); err != nil {
		return err
	}
	if err := pause(ctx, f.sizes.cut); err != nil {
		return err
	}
	if err := f.mend(); err != nil {
		return err
	}
	f.mended = time.Now()
	before, err := use(f.lns)
	if err != nil {
		return err
	}
	for time.Since(f.mended) < f.limit && (f.samples.sessions() < f.sessions || time.Since(f.mended) < f.quiet()) {
		if err := pause(ctx, sampleInterval); err != nil {
			return err
		}
	}
	after, err := use(f.lns)
	f.cpu, f.rss = after.cpu-before.cpu, after.rss
	f.since = f.samples.after(cutAt)
	return err
}

// quiet is for how long after the link's return sessions may still find out that
// they had died.
func (f *flapRun) quiet() time.Duration { return max(3*f.echo-f.sizes.cut, 0) + 2*sampleInterval }

// pause lets time pass.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
