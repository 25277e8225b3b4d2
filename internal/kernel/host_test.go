// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree makes files below a root.
func tree(t *testing.T, files map[string]string) Tree {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Tree{Root: root}
}

func hostFiles() map[string]string {
	return map[string]string{
		"proc/stat":    "cpu  100 20 300 4000 50 6 7 8 0 0\ncpu0 1 2 3\n",
		"proc/uptime":  "1016000.25 123.45\n",
		"proc/loadavg": "13.05 14.67 13.52 3/234 36752\n",
		"proc/cpuinfo": "processor\t: 0\nmodel name\t: Example CPU\n\nprocessor\t: 1\nmodel name\t: Example CPU\n",
		"proc/meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\nBuffers: 30 kB\nActive(anon): 200 kB\nInactive(anon): 50 kB\n" +
			"Active(file): 300 kB\nInactive(file): 200 kB\nUnevictable: 1 kB\nSReclaimable: 40 kB\nSUnreclaim: 60 kB\nKernelStack: 5 kB\nPageTables: 4 kB\n" +
			"SwapTotal: 500 kB\nSwapFree: 400 kB\nHugePages_Total: 0\n",
		"sys/devices/system/memory/block_size_bytes": "8000000\n",
		"sys/devices/system/memory/memory0/online":   "1\n",
		"sys/devices/system/memory/memory1/online":   "1\n",
		"sys/devices/system/memory/memory2/online":   "0\n",
		"sys/class/thermal/thermal_zone0/type":       "acpitz\n",
		"sys/class/thermal/thermal_zone0/temp":       "30500\n",
		"sys/class/thermal/thermal_zone1/type":       "x86_pkg_temp\n",
		"sys/class/thermal/thermal_zone1/temp":       "-274000\n",
		"sys/class/dmi/id/product_serial":            "S-1\n",
	}
}

// Everything that operators are told comes from where it should.
func TestHost(t *testing.T) {
	got, err := tree(t, hostFiles()).Host()
	if err != nil {
		t.Fatal(err)
	}
	if got.At.IsZero() {
		t.Error("no time")
	}
	got.At = time.Time{}
	const tick = 10 * time.Millisecond
	want := Host{
		Model: "Example CPU", Processors: 2, Serial: "S-1", Uptime: 1016000*time.Second + 250*time.Millisecond, LastPID: 36752,
		Times: ProcessorTimes{User: 100 * tick, Nice: 20 * tick, System: 300 * tick, Idle: 4050 * tick, Interrupt: 13 * tick, Stolen: 8 * tick},
		Load:  [3]float64{13.05, 14.67, 13.52},
		Memory: Memory{
			Total: 1000 << 10, Installed: 256 << 20, Available: 600 << 10, Active: 200 << 10, Inactive: 50 << 10, Wired: 70 << 10,
			Cache: 510 << 10, Buffers: 30 << 10, Free: 100 << 10, Swap: 500 << 10, SwapFree: 400 << 10,
		},
		Temperatures: []Temperature{{"acpitz", 30}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What the system does not tell is left out; without what it always tells there
// is an error that says which.
func TestHostTellsLess(t *testing.T) {
	files := hostFiles()
	for name := range files {
		if name[:3] == "sys" {
			delete(files, name)
		}
	}
	h, err := tree(t, files).Host()
	if err != nil || h.Serial != "" || h.Memory.Installed != 0 || h.Temperatures != nil {
		t.Errorf("without /sys: %+v %v", h, err)
	}
	for _, name := range []string{"proc/stat", "proc/uptime", "proc/loadavg", "proc/meminfo"} {
		for _, text := range []string{"", "cpu a b\n", "cpu 1 2\n", "x y z a b\n"} {
			files := hostFiles()
			files[name] = text
			if _, err := tree(t, files).Host(); err == nil {
				t.Errorf("%s with %q: no error", name, text)
			}
		}
		files := hostFiles()
		delete(files, name)
		if _, err := tree(t, files).Host(); err == nil {
			t.Errorf("without %s: no error", name)
		}
	}
}

// A command may hold brackets and blanks; who is gone is left out.
func TestProcesses(t *testing.T) {
	list, err := tree(t, map[string]string{
		"proc/7/stat":  "7 (a (b) c) R 1 7 7 0 -1 4194560 1 2 3 4 120 30 0 0 39 -19 3 0 100 1048576 2 18446744073709551615 1 1\n",
		"proc/8/other": "", // has ended
		"proc/stat":    "",
		"proc/version": "",
	}).Processes()
	want := []HostProcess{{
		PID: 7, UID: uint32(os.Getuid()), Command: "a (b) c", State: 'R', Threads: 3, Priority: 39, Nice: -19,
		SizeBytes: 1 << 20, ResidentBytes: 2 * uint64(os.Getpagesize()), CPU: 1500 * time.Millisecond,
	}}
	if d := cmp.Diff(want, list); d != "" || err != nil {
		t.Errorf("%s%v", d, err)
	}
	for _, stat := range []string{"", "7 a R", "7 (a) R 1", "7 (a) R 1 7 7 0 -1 4194560 1 2 3 4 x 30 0 0 39 -19 3 0 100 1 2", "7 )a( R"} {
		if _, err := tree(t, map[string]string{"proc/7/stat": stat}).Processes(); err == nil {
			t.Errorf("%q: no error", stat)
		}
	}
}

// The real system can be read, and this process is there.
func TestHostHere(t *testing.T) {
	h, err := Tree{}.Host()
	if err != nil || h.Processors == 0 || h.Memory.Total == 0 || h.Uptime <= 0 || h.Times.Idle+h.Times.User <= 0 {
		t.Errorf("%+v %v", h, err)
	}
	list, err := Tree{}.Processes()
	i := slices.IndexFunc(list, func(p HostProcess) bool { return p.PID == os.Getpid() })
	if err != nil || i < 0 || list[i].Threads == 0 || list[i].ResidentBytes == 0 {
		t.Errorf("%d processes, this one at %d: %v", len(list), i, err)
	}
}
