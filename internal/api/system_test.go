// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"connectrpc.com/connect"

	"holdfast/internal/api/apitest"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/kernel"
)

// Shares are of the time that was looked at, and add up.
func TestHost(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	res, err := r.GetHost(ctx, connect.NewRequest(&pb.GetHostRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	h, p := res.Msg, res.Msg.Processor
	if p.User != 29 || p.Kernel != 16.5 || p.Interrupt != 4.5 || p.Idle != 50 || p.Background != 0 || p.Stolen != 0 {
		t.Errorf("processors: %v", p)
	}
	up := time.Duration(h.NowUnix-h.StartedUnix) * time.Second
	if up.Round(time.Minute) != 7*24*time.Hour+62*time.Minute || h.Load_5 != 0.75 || h.MemoryBytes != 16<<30 ||
		len(h.Temperatures) != 2 || h.Serial != "LNS0001" {
		t.Errorf("host: %v", h)
	}
	if r.Computer.Asked != time.Second {
		t.Errorf("looked at for %v", r.Computer.Asked)
	}
	// Times that go back, or no time at all, make no nonsense.
	r.Computer.Seen.After.Host.Times = kernel.ProcessorTimes{User: -time.Second}
	res, err = r.GetHost(ctx, connect.NewRequest(&pb.GetHostRequest{}))
	if err != nil || res.Msg.Processor.Idle != 100 || res.Msg.Processor.User != 0 {
		t.Errorf("no time: %v %v", res, err)
	}
	r.Computer.Broken = errors.New("no /proc")
	_, err = r.GetHost(ctx, connect.NewRequest(&pb.GetHostRequest{}))
	wantCode(t, "host", err, connect.CodeUnavailable)
	_, err = r.ListProcesses(ctx, connect.NewRequest(&pb.ListProcessesRequest{}))
	wantCode(t, "processes", err, connect.CodeUnavailable)
}

// Who uses the processors most comes first; the daemon's parts have its number and
// no memory of their own; who has begun or ended meanwhile is no surprise.
func TestProcesses(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	seen := &r.Computer.Seen
	begun := kernel.HostProcess{PID: 9999999, UID: math.MaxUint32, Command: "new\x1b[1m", State: 'D', CPU: 60 * time.Millisecond}
	seen.After.Processes = append(seen.After.Processes, begun)
	seen.Before.Processes = append(seen.Before.Processes, kernel.HostProcess{PID: 9999998, CPU: time.Hour})
	res, err := r.ListProcesses(ctx, connect.NewRequest(&pb.ListProcessesRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	list := res.Msg.Processes
	type row struct {
		command, part string
		percent       float64
	}
	want := []row{
		{"holdfast", "", 152}, {"holdfast", "shard 0", 90}, {"holdfast", "readers", 40}, {"ksoftirqd/0", "", 19}, {"holdfast", "garbage collection", 10},
		{`new\x1b[1m`, "", 6}, {"systemd", "", 0}, {"kworker/0:0H", "", 0}, {"holdfast", "api", 0},
	}
	if len(list) != len(want) {
		t.Fatalf("%d rows: %v", len(list), list)
	}
	for i, w := range want {
		p := list[i]
		if p.Command != w.command || p.Part != w.part || math.Abs(p.Percent-w.percent) > 0.01 {
			t.Errorf("row %d is %v, want %v", i, p, w)
		}
		if p.Part != "" && (p.Pid != list[0].Pid || p.SizeBytes != 0 || p.TimeMs != 0) {
			t.Errorf("part %v", p)
		}
	}
	if list[5].User != "4294967295" || list[5].State != "disk" || list[1].State != "RUN" || list[2].State != "sleep" || list[7].State != "WAIT" {
		t.Errorf("states or users: %v", list)
	}
	if list[0].TimeMs != uint64((21*time.Minute+1520*time.Millisecond)/time.Millisecond) || list[0].Threads != 9 {
		t.Errorf("the daemon: %v", list[0])
	}
}
