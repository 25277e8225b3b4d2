// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"time"

	"holdfast/internal/api"
)

// partLabel labels goroutines with the part of the daemon that they belong to.
// Those that they start inherit it. It costs nothing until somebody asks who
// uses the processors: then the profiler finds it at each of its samples.
const partLabel = "part"

// Parts of the daemon that are named in several places.
const partPlane = "data plane"

// Parts of the daemon that have no label: the garbage collector, and the rest of
// the Go runtime with what the daemon does before and after it serves.
const (
	partCollector = "garbage collection"
	partRuntime   = "runtime"
)

// part is a task whose goroutines are known by name.
func part(name string, task func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		pprof.Do(ctx, pprof.Labels(partLabel, name), func(ctx context.Context) { err = task(ctx) })
		return err
	}
}

// startPart calls what starts goroutines, which are known by name.
func startPart(name string, start func() error) error {
	return part(name, func(context.Context) error { return start() })(context.Background())
}

// errProfiled says that somebody else uses the profiler.
var errProfiled = errors.New("the program is being profiled already")

// profileParts samples for so long who runs on the processors, calls then at the
// end, and adds it up by part.
func profileParts(ctx context.Context, d time.Duration, then func() error) ([]api.Part, error) {
	var cpu, goroutines bytes.Buffer
	if err := pprof.StartCPUProfile(&cpu); err != nil {
		return nil, fmt.Errorf("%w: %w", errProfiled, err)
	}
	err := pause(ctx, d)
	if err == nil {
		err = then()
	}
	pprof.StopCPUProfile()
	if err == nil {
		err = pprof.Lookup("goroutine").WriteTo(&goroutines, 0)
	}
	if err != nil {
		return nil, err
	}
	return addUp(cpu.Bytes(), goroutines.Bytes())
}

// addUp makes parts of a profile of the processors and one of goroutines.
func addUp(cpu, goroutines []byte) ([]api.Part, error) {
	of := map[string]*api.Part{}
	at := func(name string) *api.Part {
		if of[name] == nil {
			of[name] = &api.Part{Name: name}
		}
		return of[name]
	}
	running, err := readProfile(cpu)
	if err != nil {
		return nil, err
	}
	for _, s := range running {
		if len(s.values) < 2 {
			return nil, errProfile
		}
		at(partOf(&s)).CPU += time.Duration(s.values[1]) // the number of samples, and nanoseconds
	}
	alive, err := readProfile(goroutines)
	if err != nil {
		return nil, err
	}
	for _, s := range alive {
		if len(s.values) < 1 {
			return nil, errProfile
		}
		p := at(partOf(&s))
		p.Goroutines += int(s.values[0])
		p.Running = p.Running || !s.waits()
	}
	list := make([]api.Part, 0, len(of))
	for _, p := range of {
		list = append(list, *p)
	}
	return list, nil
}

// partOf is the part that a sample is of.
func partOf(s *profileSample) string {
	if name := s.labels[partLabel]; name != "" {
		return name
	}
	for _, f := range s.stack {
		if f == "runtime.gcBgMarkWorker" || f == "runtime.bgsweep" || f == "runtime.bgscavenge" {
			return partCollector
		}
	}
	return partRuntime
}

// waits says that a goroutine is parked, or asleep in the runtime.
func (s *profileSample) waits() bool {
	return len(s.stack) > 0 && (s.stack[0] == "runtime.gopark" || s.stack[0] == "runtime.notetsleepg")
}
