// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"runtime/pprof"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"holdfast/internal/api"
)

// Who burns processor time is found by name, what it starts counts as its own,
// and who waits uses nothing.
func TestPartsAreMeasured(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	l := newLayer(make(chan error, 1))
	burns := func(ctx context.Context) error {
		for i := 0; ctx.Err() == nil; i++ {
			_ = i * i
		}
		return nil
	}
	l.run(part("burner", func(inner context.Context) error {
		done := make(chan error)
		go func() { done <- burns(ctx) }() // a child
		return <-done
	}))
	l.run(part("sleeper", func(context.Context) error { <-ctx.Done(); return nil }))
	defer func() {
		stop()
		if err := l.stop(); err != nil {
			t.Error(err)
		}
	}()
	m, err := newSystem().Measure(ctx, 300*time.Millisecond, true)
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string) api.Part {
		i := slices.IndexFunc(m.Parts, func(p api.Part) bool { return p.Name == name })
		if i < 0 {
			t.Fatalf("no part %s among %v", name, m.Parts)
		}
		return m.Parts[i]
	}
	if p := of("burner"); p.CPU < 50*time.Millisecond || p.Goroutines != 2 || !p.Running {
		t.Errorf("who burns: %+v", p)
	}
	if p := of("sleeper"); p.CPU != 0 || p.Goroutines != 1 || p.Running {
		t.Errorf("who sleeps: %+v", p)
	}
	if len(m.Before.Processes) == 0 || len(m.After.Processes) == 0 || !m.After.Host.At.After(m.Before.Host.At) {
		t.Errorf("processes: %d, then %d", len(m.Before.Processes), len(m.After.Processes))
	}
}

// There is one profiler: the second waits for the first, and gives up with its
// caller; a profiler of somebody else's is told.
func TestMeasuringIsShared(t *testing.T) {
	s := newSystem()
	s.profiling <- struct{}{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Measure(ctx, time.Hour, true); !errors.Is(err, context.Canceled) {
		t.Errorf("while another measures: %v", err)
	}
	if _, err := s.Measure(ctx, time.Hour, false); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	<-s.profiling
	if _, err := s.Measure(ctx, time.Hour, true); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while it measures: %v", err)
	}
	var b bytes.Buffer
	if err := pprof.StartCPUProfile(&b); err != nil {
		t.Fatalf("the test itself is being profiled: %v", err)
	}
	defer pprof.StopCPUProfile()
	if _, err := s.Measure(context.Background(), time.Hour, true); !errors.Is(err, errProfiled) {
		t.Errorf("while somebody else profiles: %v", err)
	}
}

func packed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// A profile that is cut or scrambled is an error or makes less sense, never a panic.
func FuzzReadProfile(f *testing.F) {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 0); err != nil {
		f.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		f.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(z); err != nil {
		f.Fatal(err)
	}
	f.Add(plain.Bytes())
	sample := protowire.AppendTag(nil, sampleLocation, protowire.VarintType)
	sample = protowire.AppendVarint(sample, 99)
	f.Add(protowire.AppendBytes(protowire.AppendTag(nil, profileSamples, protowire.BytesType), sample))
	f.Fuzz(func(t *testing.T, b []byte) {
		if samples, err := readProfile(packed(b)); err != nil && (samples != nil || !errors.Is(err, errProfile)) {
			t.Errorf("%d samples and %v", len(samples), err)
		}
		if _, err := addUp(packed(b), packed(b)); err != nil && !errors.Is(err, errProfile) {
			t.Error(err)
		}
	})
}
