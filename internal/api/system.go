// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"context"
	"os"
	"os/user"
	"slices"
	"strconv"
	"time"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/kernel"
)

// measured is how long processors are looked at.
const measured = time.Second

// GetHost tells about the computer.
func (s *Server) GetHost(ctx context.Context, _ *connect.Request[pb.GetHostRequest]) (*connect.Response[pb.Host], error) {
	m, err := s.measure(ctx, false)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(hostOf(&m)), nil
}

// ListProcesses shows who uses the processors.
func (s *Server) ListProcesses(ctx context.Context, _ *connect.Request[pb.ListProcessesRequest]) (*connect.Response[pb.Processes], error) {
	m, err := s.measure(ctx, true)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&pb.Processes{Host: hostOf(&m), Processes: processesOf(&m, os.Getpid())}), nil
}

func (s *Server) measure(ctx context.Context, processes bool) (Measurement, error) {
	m, err := s.backend.System().Measure(ctx, measured, processes)
	if err == nil {
		return m, nil
	}
	code := connect.CodeUnavailable
	if ctx.Err() != nil {
		code = connect.CodeCanceled
	}
	return m, connect.NewError(code, err)
}

func hostOf(m *Measurement) *pb.Host {
	h := &m.After.Host
	out := &pb.Host{
		Model: h.Model, Processors: count(h.Processors), Serial: h.Serial,
		MemoryBytes: h.Memory.Total, InstalledBytes: h.Memory.Installed, AvailableBytes: h.Memory.Available,
		ActiveBytes: h.Memory.Active, InactiveBytes: h.Memory.Inactive, WiredBytes: h.Memory.Wired,
		CacheBytes: h.Memory.Cache, BufferBytes: h.Memory.Buffers, FreeBytes: h.Memory.Free,
		SwapBytes: h.Memory.Swap, SwapFreeBytes: h.Memory.SwapFree,
		Processor: processorOf(&m.Before.Host.Times, &h.Times),
		NowUnix:   h.At.Unix(), StartedUnix: h.At.Add(-h.Uptime).Unix(),
		Load_1: h.Load[0], Load_5: h.Load[1], Load_15: h.Load[2], LastPid: count(h.LastPID),
	}
	for _, t := range h.Temperatures {
		out.Temperatures = append(out.Temperatures, &pb.Temperature{Name: clean(t.Name), Celsius: int32(t.Celsius)})
	}
	return out
}

// processorOf is what the processors did between two moments. Times that go back,
// as those of idle processors may, are none.
func processorOf(before, after *kernel.ProcessorTimes) *pb.Processor {
	p := &pb.Processor{}
	var total float64
	parts := []struct {
		before, after time.Duration
		to            *float64
	}{
		{before.User, after.User, &p.User},
		{before.Nice, after.Nice, &p.Background},
		{before.System, after.System, &p.Kernel},
		{before.Interrupt, after.Interrupt, &p.Interrupt},
		{before.Idle, after.Idle, &p.Idle},
		{before.Stolen, after.Stolen, &p.Stolen},
	}
	for _, part := range parts {
		*part.to = float64(max(part.after-part.before, 0))
		total += *part.to
	}
	if total == 0 {
		p.Idle = 100
		return p
	}
	for _, part := range parts {
		*part.to *= 100 / total
	}
	return p
}

// processesOf lists processes, those that use the processors most first. The
// daemon's parts stand among them.
func processesOf(m *Measurement, self int) []*pb.HostProcess {
	span := m.After.Host.At.Sub(m.Before.Host.At)
	before := map[int]time.Duration{}
	for i := range m.Before.Processes {
		before[m.Before.Processes[i].PID] = m.Before.Processes[i].CPU
	}
	users := map[uint32]string{}
	var list []*pb.HostProcess
	for i := range m.After.Processes {
		p := &m.After.Processes[i]
		row := processOf(p, users)
		if earlier, known := before[p.PID]; known {
			row.Percent = share(p.CPU-earlier, span)
		} else {
			row.Percent = share(p.CPU, span) // it has begun meanwhile
		}
		list = append(list, row)
		if p.PID == self {
			for k := range m.Parts {
				list = append(list, partOf(&m.Parts[k], row, span))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b *pb.HostProcess) int {
		return cmp.Or(cmp.Compare(b.Percent, a.Percent), cmp.Compare(b.TimeMs, a.TimeMs), cmp.Compare(a.Pid, b.Pid), cmp.Compare(a.Part, b.Part))
	})
	return list
}

// share is part of a span in percent.
func share(part, span time.Duration) float64 {
	if span <= 0 {
		return 0
	}
	return 100 * float64(max(part, 0)) / float64(span)
}

func processOf(p *kernel.HostProcess, users map[uint32]string) *pb.HostProcess {
	name, known := users[p.UID]
	if !known {
		name = userName(p.UID)
		users[p.UID] = name
	}
	return &pb.HostProcess{
		Pid: count(p.PID), User: name, Threads: count(p.Threads), Priority: int32(p.Priority), Nice: int32(p.Nice),
		SizeBytes: p.SizeBytes, ResidentBytes: p.ResidentBytes, State: processState(p.State),
		TimeMs: uint64(max(p.CPU, 0) / time.Millisecond), Command: clean(p.Command),
	}
}

func partOf(p *Part, whole *pb.HostProcess, span time.Duration) *pb.HostProcess {
	state := "sleep"
	if p.Running {
		state = "RUN"
	}
	return &pb.HostProcess{
		Pid: whole.Pid, User: whole.User, Threads: count(p.Goroutines), Priority: whole.Priority, Nice: whole.Nice,
		State: state, Percent: share(p.CPU, span), Command: whole.Command, Part: p.Name,
	}
}

// processState is a state of /proc as top has it.
func processState(s byte) string {
	switch s {
	case 'R':
		return "RUN"
	case 'S':
		return "sleep"
	case 'D':
		return "disk"
	case 'I':
		return "WAIT"
	case 'T', 't':
		return "stop"
	case 'Z', 'X':
		return "zomb"
	}
	return string(rune(s))
}

// userName is the name of a user, or the number of one without.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
