// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// Benchmark is one line of `go test -bench`.
type Benchmark struct {
	Package string             `json:"package"`
	Name    string             `json:"name"`
	Values  map[string]float64 `json:"values"` // by unit: ns/op, B/op, allocs/op and the benchmark's own
	Units   []string           `json:"-"`      // in the order of the line
}

// suite is a set of benchmarks.
type suite struct {
	time     string // -benchtime
	pattern  string
	packages []string
}

var (
	packageBenchmarks = suite{time: "200ms", pattern: ".", packages: []string{
		"./l2tp/...", "./ppp/...", "./radius", "./internal/wheel", "./internal/pool", "./internal/police", "./internal/lns",
		"./internal/shard", "./internal/netio", "./internal/aaa", "./internal/store", "./internal/kernel", "./internal/storm",
	}}
	forwardBenchmarks = suite{time: "1s", pattern: ".", packages: []string{"./internal/forward/tun"}}
)

// goBench runs benchmarks with the Go toolchain.
func goBench(ctx context.Context, s suite) ([]Benchmark, error) {
	args := append([]string{"test", "-run", "^$", "-bench", s.pattern, "-benchmem", "-benchtime", s.time, "-p", "1"}, s.packages...)
	var out, failed bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		return parseBenchmarks(out.Bytes()), fmt.Errorf("go %s: %w\n%s%s", strings.Join(args, " "), err, out.Bytes(), failed.Bytes())
	}
	return parseBenchmarks(out.Bytes()), nil
}

// parseBenchmarks reads what `go test -bench` prints.
func parseBenchmarks(text []byte) (list []Benchmark) {
	pkg := ""
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 2 && fields[0] == "pkg:" {
			pkg = strings.TrimPrefix(fields[1], "holdfast/")
		}
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i] // the number of processors
		}
		b := Benchmark{Package: pkg, Name: name, Values: map[string]float64{}}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				b.Values[fields[i+1]] = v
				b.Units = append(b.Units, fields[i+1])
			}
		}
		list = append(list, b)
	}
	return list
}
