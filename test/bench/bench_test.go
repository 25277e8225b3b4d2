// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/testenv"
)

// The whole benchmark in small: it must run to its end, and everybody log in.
func TestSmoke(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "holdfast")
	if out, err := exec.Command("go", "build", "-o", binary, "holdfast/cmd/holdfast").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	r, err := measure(ctx, sizes{binary: binary, sessions: 600, tunnels: 60, radius: 500, large: 900, root: "../.."})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	r.print(&text)
	t.Log("\n" + text.String())
	if r.FullRate.Sessions != 600 || r.Relaxed.Sessions != 600 || r.Memory.Sessions != 900 {
		t.Error("not everybody logged in")
	}
	for name, x := range map[string]*Login{"memory": r.InMemory, "accounted": r.Booked, "FreeRADIUS": r.Free} {
		if x == nil && name == "FreeRADIUS" {
			testenv.Commands(t, "freeradius")
		}
		if x == nil || x.Sessions != 500 || x.PerSecond <= 0 {
			t.Errorf("log-ins through RADIUS, %s: %+v", name, x)
		}
	}
	if r.FullRate.PerSecond <= 0 || r.Plain.PerSecond <= 0 || r.Memory.HeapPerSession <= 0 {
		t.Error("something was not measured")
	}
	if r.Relaxed.PerSecond > 0.9*r.FullRate.PerSecond {
		t.Errorf("%.0f/s at 0.8 of %.0f/s", r.Relaxed.PerSecond, r.FullRate.PerSecond)
	}
}

// What the Go toolchain prints is read whole, with units of a benchmark's own.
func TestParseBenchmarks(t *testing.T) {
	list := parseBenchmarks([]byte(`goos: linux
pkg: holdfast/internal/forward/tun
BenchmarkUp/64-2         	  100000	      1234 ns/op	  810.0 kpps	       0 B/op	       0 allocs/op
BenchmarkPlain-2         	     100	      10.5 ns/op
PASS
ok  	holdfast/internal/forward/tun	1.2s
`))
	if len(list) != 2 || list[0].Name != "Up/64" || list[0].Package != "internal/forward/tun" || list[0].Values["kpps"] != 810 {
		t.Fatalf("%+v", list)
	}
	if got := list[0].text(); got != "1234 ns/op, 810 kpps" {
		t.Error(got)
	}
	if list[0].ratio(405000) != 2 || list[1].ratio(405000) != 0 {
		t.Error("ratio to plain UDP")
	}
}
