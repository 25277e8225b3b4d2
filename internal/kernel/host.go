// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the unit of times in /proc/stat and /proc/PID/stat. The
// kernel calls it USER_HZ and has never changed it on the processors there are.
const ticksPerSecond = 100

// Tree is where the system tells of itself. The zero Tree is the system's own;
// tests make others.
type Tree struct{ Root string }

func (t Tree) path(name string) string { return filepath.Join("/", t.Root, name) }

func (t Tree) read(name string) ([]byte, error) { return os.ReadFile(t.path(name)) }

// text is a file of one line; empty: the system does not tell.
func (t Tree) text(name string) string {
	b, err := t.read(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Host is the state of the computer at one moment.
type Host struct {
	At           time.Time
	Model        string // of the processors
	Processors   int
	Serial       string // empty: the system does not tell, or not to us
	Times        ProcessorTimes
	Uptime       time.Duration
	Load         [3]float64 // of 1, 5 and 15 minutes
	LastPID      int
	Memory       Memory
	Temperatures []Temperature
}

// ProcessorTimes is what all processors together have done since the start.
type ProcessorTimes struct{ User, Nice, System, Interrupt, Idle, Stolen time.Duration }

// Memory is where the memory is, in octets. Total and what comes after Available
// up to Free add up, more or less.
type Memory struct {
	Total     uint64
	Installed uint64 // with what the system keeps for itself; 0: it does not tell
	Available uint64 // that programs could have
	Active    uint64 // of programs
	Inactive  uint64 // of programs, not of late
	Wired     uint64 // of the kernel, or locked
	Cache     uint64 // of files
	Buffers   uint64
	Free      uint64
	Swap      uint64
	SwapFree  uint64
}

// Temperature is what one sensor tells.
type Temperature struct {
	Name    string // its kind, as the kernel calls it
	Celsius int
}

// Host reads the state of the computer.
func (t Tree) Host() (Host, error) {
	h := Host{
		At: time.Now(), Serial: t.text("sys/class/dmi/id/product_serial"), Temperatures: t.temperatures(),
	}
	h.Model, h.Processors = t.model()
	if err := errors.Join(t.times(&h), t.load(&h), t.memory(&h.Memory)); err != nil {
		return Host{}, fmt.Errorf("kernel: host: %w", err)
	}
	h.Memory.Installed = t.installed()
	return h, nil
}

// times reads the first line of /proc/stat, and how long the system has been up.
func (t Tree) times(h *Host) error {
	b, err := t.read("proc/stat")
	if err != nil {
		return err
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	n, ok := numbers(strings.TrimPrefix(string(line), "cpu "))
	if !ok || len(n) < 8 {
		return fmt.Errorf("/proc/stat begins with %q", line)
	}
	h.Times = ProcessorTimes{
		User: ticks(n[0]), Nice: ticks(n[1]), System: ticks(n[2]), Idle: ticks(n[3] + n[4]), Interrupt: ticks(n[5] + n[6]), Stolen: ticks(n[7]),
	}
	text := t.text("proc/uptime")
	first, _, _ := strings.Cut(text, " ")
	up, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return fmt.Errorf("/proc/uptime holds %q", text)
	}
	h.Uptime = time.Duration(up * float64(time.Second))
	return nil
}

func ticks(n uint64) time.Duration { return time.Duration(n) * (time.Second / ticksPerSecond) }

// numbers are those of a line of blanks and decimals.
func numbers(line string) ([]uint64, bool) {
	var list []uint64
	for _, f := range strings.Fields(line) {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return nil, false
		}
		list = append(list, n)
	}
	return list, true
}

// load reads "0.10 0.20 0.30 1/234 5678".
func (t Tree) load(h *Host) error {
	text := t.text("proc/loadavg")
	f := strings.Fields(text)
	if len(f) < 5 {
		return fmt.Errorf("/proc/loadavg holds %q", text)
	}
	for i := range h.Load {
		n, err := strconv.ParseFloat(f[i], 64)
		if err != nil {
			return fmt.Errorf("/proc/loadavg: %w", err)
		}
		h.Load[i] = n
	}
	pid, err := strconv.Atoi(f[4])
	if err != nil {
		return fmt.Errorf("/proc/loadavg: %w", err)
	}
	h.LastPID = pid
	return nil
}

// memory reads /proc/meminfo, whose sizes are in units of 1,024 octets.
func (t Tree) memory(m *Memory) error {
	b, err := t.read("proc/meminfo")
	if err != nil {
		return err
	}
	of := map[string]uint64{}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err == nil {
			of[name] = n << 10
		}
	}
	if of["MemTotal"] == 0 {
		return errors.New("/proc/meminfo tells no MemTotal")
	}
	files := of["Active(file)"] + of["Inactive(file)"] + of["SReclaimable"]
	*m = Memory{
		Total: of["MemTotal"], Available: of["MemAvailable"], Active: of["Active(anon)"], Inactive: of["Inactive(anon)"],
		Wired: of["Unevictable"] + of["SUnreclaim"] + of["KernelStack"] + of["PageTables"],
		Cache: files - min(files, of["Buffers"]), Buffers: of["Buffers"], Free: of["MemFree"],
		Swap: of["SwapTotal"], SwapFree: of["SwapFree"],
	}
	return nil
}

// installed counts the blocks of memory that are in use.
func (t Tree) installed() uint64 {
	size, err := strconv.ParseUint(t.text("sys/devices/system/memory/block_size_bytes"), 16, 64)
	if err != nil {
		return 0
	}
	blocks, err := filepath.Glob(t.path("sys/devices/system/memory/memory[0-9]*"))
	if err != nil {
		return 0
	}
	total := uint64(0)
	for _, b := range blocks {
		if online, err := os.ReadFile(filepath.Join(b, "online")); err == nil && bytes.HasPrefix(online, []byte("1")) {
			total += size
		}
	}
	return total
}

// model reads /proc/cpuinfo: the name of the processors, and how many there are.
func (t Tree) model() (name string, processors int) {
	for line := range strings.Lines(t.text("proc/cpuinfo")) {
		key, value, _ := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
		case "processor":
			processors++
		case "model name", "Model", "cpu model":
			name = value
		}
	}
	return name, processors
}

// temperatures reads the thermal zones; a machine without sensors has none.
func (t Tree) temperatures() []Temperature {
	zones, err := filepath.Glob(t.path("sys/class/thermal/thermal_zone[0-9]*"))
	if err != nil {
		return nil
	}
	slices.Sort(zones)
	var list []Temperature
	for _, z := range zones {
		kind, err := os.ReadFile(filepath.Join(z, "type"))
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join(z, "temp"))
		if err != nil {
			continue
		}
		// A sensor that is off tells something absurd.
		if milli, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && milli > -100_000 && milli < 200_000 && milli != 0 {
			list = append(list, Temperature{Name: strings.TrimSpace(string(kind)), Celsius: milli / 1000})
		}
	}
	return list
}

// gone reports whether a process has ended while it was looked at.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoProcess) }
