// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"context"
	"os"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/kernel"
)

// System is a computer in memory, which is measured in no time.
type System struct {
	Seen   api.Measurement
	Broken error // what measuring fails with
	Asked  time.Duration
}

var _ api.System = (*System)(nil)

// Measure is what the test has set.
func (s *System) Measure(_ context.Context, d time.Duration, processes bool) (api.Measurement, error) {
	s.Asked = d
	m := s.Seen
	if !processes {
		m.Before.Processes, m.After.Processes, m.Parts = nil, nil, nil
	}
	return m, s.Broken
}

// sampleSystem is a computer with four processors, up for a week, on which the
// daemon is what uses them most.
func sampleSystem(now time.Time) *System {
	const gib = 1 << 30
	self := os.Getpid()
	before := kernel.Host{
		At: now.Add(-time.Second), Model: "Example CPU @ 2.00GHz", Processors: 4, Serial: "LNS0001", Uptime: 7*24*time.Hour + 3723*time.Second - time.Second,
		Load: [3]float64{1.25, 0.75, 0.5}, LastPID: 4242,
		Memory: kernel.Memory{
			Total: 16 * gib, Installed: 17 * gib, Available: 12 * gib, Active: 2 * gib, Inactive: gib / 2, Wired: gib / 4, Cache: 3 * gib,
			Buffers: gib / 8, Free: 10 * gib, Swap: 8 * gib, SwapFree: 8 * gib,
		},
		Temperatures: []kernel.Temperature{{Name: "acpitz", Celsius: 30}, {Name: "x86_pkg_temp", Celsius: 28}},
	}
	after := before
	after.At, after.Uptime = now, before.Uptime+time.Second
	after.Times = kernel.ProcessorTimes{
		User: 1160 * time.Millisecond, System: 660 * time.Millisecond, Interrupt: 180 * time.Millisecond, Idle: 2 * time.Second,
	}
	processes := func(used time.Duration) []kernel.HostProcess {
		return []kernel.HostProcess{
			{PID: 1, Command: "systemd", State: 'S', Threads: 1, Priority: 20, SizeBytes: 160 << 20, ResidentBytes: 12 << 20, CPU: 90 * time.Second},
			{PID: 14, Command: "ksoftirqd/0", State: 'S', Threads: 1, Priority: 20, CPU: 30*time.Minute + used/8},
			{PID: 15, Command: "kworker/0:0H", State: 'I', Threads: 1, Priority: 0, Nice: -20, CPU: 0},
			{
				PID: self, Command: "holdfast", State: 'R', Threads: 9, Priority: 20, SizeBytes: 2 * gib, ResidentBytes: 700 << 20,
				CPU: 21*time.Minute + used,
			},
		}
	}
	return &System{Seen: api.Measurement{
		Before: api.Sight{Host: before, Processes: processes(0)},
		After:  api.Sight{Host: after, Processes: processes(1520 * time.Millisecond)},
		Parts: []api.Part{
			{Name: "shard 0", Goroutines: 1, Running: true, CPU: 900 * time.Millisecond},
			{Name: "readers", Goroutines: 2, CPU: 400 * time.Millisecond},
			{Name: "garbage collection", Running: true, CPU: 100 * time.Millisecond},
			{Name: "api", Goroutines: 3},
		},
	}}
}
