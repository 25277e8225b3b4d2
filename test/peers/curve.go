// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"

	"holdfast/internal/storm"
)

// sampleInterval is how finely a run is looked at.
const sampleInterval = 100 * time.Millisecond

// sample is the state of a run at one moment.
type sample struct {
	at       time.Time
	sessions int // that are up
	callsUp  uint64
	offered  uint64
	setup    storm.Histogram
}

// curve collects samples while a run goes on.
type curve struct {
	mu      sync.Mutex
	samples []sample
}

// progress takes a sample.
func (c *curve) progress(p storm.Progress) {
	t := &p.Total
	c.mu.Lock()
	defer c.mu.Unlock()
	c.samples = append(c.samples, sample{at: time.Now(), sessions: t.Sessions, callsUp: t.CallsUp, offered: t.CallsOffered, setup: t.Setup})
}

// sessions is how many were up at the latest sample.
func (c *curve) sessions() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.samples) == 0 {
		return 0
	}
	return c.samples[len(c.samples)-1].sessions
}

// after are the samples from a moment on.
func (c *curve) after(at time.Time) []sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.samples {
		if !s.at.Before(at) {
			return c.samples[i:len(c.samples):len(c.samples)]
		}
	}
	return nil
}

// Recovery is how long after the link was back a share of the sessions that were
// down were up again, in seconds; negative: they were not by the end of the run.
type Recovery struct {
	Half       float64 `json:"50_percent_s"`
	Most       float64 `json:"95_percent_s"`
	NearlyAll  float64 `json:"99_percent_s"`
	All        float64 `json:"100_percent_s"`
	LostAtMost int     `json:"sessions_down_at_most"`
}

// recovery reads the recovery out of the samples from the cut to the end. A share counts
// as back from the last moment at which less was.
func recovery(samples []sample, mended time.Time, whole int) Recovery {
	low := whole
	for _, s := range samples {
		low = min(low, s.sessions)
	}
	back := func(percent int) float64 {
		level := low + (whole-low)*percent/100
		at := mended
		for i, s := range samples {
			if s.at.Before(mended) || s.sessions >= level {
				continue
			}
			if i+1 == len(samples) {
				return -1
			}
			at = samples[i+1].at
		}
		return at.Sub(mended).Seconds()
	}
	return Recovery{Half: back(50), Most: back(95), NearlyAll: back(99), All: back(100), LostAtMost: whole - low}
}
