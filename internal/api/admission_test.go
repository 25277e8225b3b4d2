// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"

	"holdfast/internal/admission"
	"holdfast/internal/api/apitest"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
)

// fullAdmission has something in every field, times n.
func fullAdmission(shard int, n int) lns.AdmissionRow {
	d := time.Duration(n) * time.Millisecond
	u := uint64(n)
	row := lns.AdmissionRow{
		Shard: shard, Enabled: true, DearSteps: 100 * u, StaleSteps: u, RADIUSWindow: n, RADIUSInFlight: n, RADIUSQueued: n,
		Snapshot: admission.Snapshot{
			Slots: n, InSetUp: n, Parked: n, OldestWait: d, SetUpFloor: d, SetUpLatency: d, Gated: n > 1,
			Counters: admission.Counters{
				Offered: u, Admitted: u, Up: u, Failed: u, Superseded: u, Crowded: u, Expired: u, Silent: u, Withdrawn: u, WithdrawnLate: u,
				LateInSetUp: u, SlotsGrown: u, SlotsShrunk: u,
			},
		},
	}
	row.Waits.Count(d)
	row.SetUps.Count(d)
	return row
}

// All shards are shown apart and together: counts added up, of times the
// longest, of the least the least.
func TestAdmissionAddsUp(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2})
	r.List[0].Admission, r.List[1].Admission = fullAdmission(0, 1), fullAdmission(1, 2)
	a, b, c := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("192.0.2.12")
	r.List[0].Admission.LACs = []admission.LACShare{
		{Address: a, Admitted: 5, Patience: 3 * time.Second}, {Address: b, Parked: 1, Admitted: 1, Patience: time.Second},
	}
	r.List[1].Admission.LACs = []admission.LACShare{
		{Address: c, Admitted: 7, Patience: 8 * time.Second}, {Address: a, Admitted: 4, Patience: 2 * time.Second},
	}
	r.List[0].Summary.Counters.Failed[lns.CauseAuthDenied] = 3
	r.List[1].Summary.Counters.Failed[lns.CauseAuthDenied] = 4
	res, err := r.GetAdmission(ctx, connect.NewRequest(&pb.GetAdmissionRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	m := res.Msg
	if !m.Enabled || len(m.Shards) != 2 || m.Shards[1].Shard != 1 {
		t.Fatalf("admission %v", m)
	}
	fields := m.Total.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		get := func(c *pb.AdmissionCounts) protoreflect.Value { return c.ProtoReflect().Get(f) }
		name, sum := string(f.Name()), uint64(0)
		switch {
		case name == "shard":
			continue
		case name == "gated":
			if get(m.Shards[0]).Bool() || !get(m.Total).Bool() {
				t.Errorf("gated: %v", m)
			}
			continue
		case strings.HasSuffix(name, "_p50_us") || strings.HasSuffix(name, "_p99_us"):
			sum = get(m.Total).Uint() // see TestPercentilesAreOfAllCalls
		case name == "setup_least_us":
			sum = min(get(m.Shards[0]).Uint(), get(m.Shards[1]).Uint())
		case strings.HasSuffix(name, "_us"):
			sum = max(get(m.Shards[0]).Uint(), get(m.Shards[1]).Uint())
		default:
			sum = get(m.Shards[0]).Uint() + get(m.Shards[1]).Uint()
		}
		if get(m.Shards[0]).Uint() == 0 || get(m.Total).Uint() != sum {
			t.Errorf("%s: %v and %v make %v", name, get(m.Shards[0]), get(m.Shards[1]), get(m.Total))
		}
	}
	lacs := ""
	for _, l := range m.Lacs {
		lacs += fmt.Sprintln(l.Address, l.Parked, l.Admitted, l.PatienceMs)
	}
	if want := "192.0.2.11 1 1 1000\n192.0.2.10 0 9 2000\n192.0.2.12 0 7 8000\n"; lacs != want {
		t.Errorf("LACs:\n%swant\n%s", lacs, want)
	}
	if len(m.Failed) != 1 || m.Failed[0].Count != 7 || m.Failed[0].Name != lns.CauseAuthDenied.String() {
		t.Errorf("failed: %v", m.Failed)
	}
}

// A shard with many quick calls and one with few slow ones: the percentiles of all
// are those of all calls.
func TestPercentilesAreOfAllCalls(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2})
	busy, quiet := &r.List[0].Admission, &r.List[1].Admission
	busy.Snapshot, quiet.Snapshot = admission.Snapshot{}, admission.Snapshot{}
	for i := range 1000 {
		if i%100 < 98 {
			busy.Waits.Count(8 * time.Millisecond)
			busy.SetUps.Count(16 * time.Millisecond)
			continue
		}
		quiet.Waits.Count(2 * time.Second)
		quiet.SetUps.Count(4 * time.Second)
	}
	res, err := r.GetAdmission(ctx, connect.NewRequest(&pb.GetAdmissionRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		got  uint32
		want time.Duration
	}{
		{"median wait", res.Msg.Total.WaitP50Us, 8 * time.Millisecond},
		{"99th percentile of waits", res.Msg.Total.WaitP99Us, 2 * time.Second},
		{"median set-up", res.Msg.Total.SetupP50Us, 16 * time.Millisecond},
		{"99th percentile of set-ups", res.Msg.Total.SetupP99Us, 4 * time.Second},
		{"median wait of the quiet shard", res.Msg.Shards[1].WaitP50Us, 2 * time.Second},
	} {
		if got := time.Duration(c.got) * time.Microsecond; got < c.want || got > c.want*8/7 {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// Alarms of all shards, the oldest first.
func TestAlarms(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2})
	res, err := r.GetAlarms(ctx, connect.NewRequest(&pb.GetAlarmsRequest{}))
	if err != nil || len(res.Msg.Alarms) != 0 {
		t.Fatalf("alarms %v, %v", res, err)
	}
	r.List[0].Admission.Alarms = []lns.AlarmRow{{Alarm: lns.AlarmLogInsStalled, Age: time.Minute, Waiting: 7000}}
	r.List[1].Admission.Alarms = []lns.AlarmRow{{Alarm: lns.AlarmRADIUSStalled, Age: time.Hour, Waiting: 20}}
	res, err = r.GetAlarms(ctx, connect.NewRequest(&pb.GetAlarmsRequest{}))
	if err != nil || len(res.Msg.Alarms) != 2 {
		t.Fatalf("alarms %v, %v", res, err)
	}
	a := res.Msg.Alarms
	if a[0].Name != "radius_stalled" || a[0].Shard != 1 || a[1].Waiting != 7000 || a[1].Description == "" || a[1].SinceUnix < time.Now().Unix()-90 {
		t.Errorf("alarms %v", a)
	}
}

// The history is one list over all shards, the newest first, however long, and
// no page of a shard is larger than any other's.
func TestCallHistoryIsMerged(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 3})
	const each = 700
	for i, s := range r.List {
		for j := range each {
			s.Calls = append(s.Calls, lns.CallRow{At: time.Duration(3*j+i+1) * time.Minute, Shard: i, Calling: fmt.Sprint("0151", 3*j+i), Cause: "x"})
		}
	}
	stream, err := r.ListCallHistory(ctx, list(nil))
	rows := all(t, stream, err, (*pb.CallPage).GetCalls)
	if len(rows) != 3*each || r.RowsMax > 256 {
		t.Fatalf("%d rows, %d at once", len(rows), r.RowsMax)
	}
	if !slices.IsSortedFunc(rows, func(a, b *pb.Call) int { return int(b.EndedUnix - a.EndedUnix) }) {
		t.Error("they are not in order")
	}
	for i, c := range rows {
		if c.CallingNumber != fmt.Sprint("0151", i) {
			t.Fatalf("row %d is call %s", i, c.CallingNumber)
		}
	}
	r.List[1].Stuck = true
	stream, err = r.ListCallHistory(ctx, list(nil))
	if _, err := drain(stream, err); connect.CodeOf(err) != connect.CodeInternal {
		t.Errorf("stuck shard: %v", err)
	}
}

// What goes in comes out.
func TestCallsCarryAllFields(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2, LACs: 1, TunnelsPerLAC: 2, SessionsPerTunnel: 2})
	c := &r.List[1].Calls[0]
	c.WasUp, c.At, c.PeerName = true, 0, "\xfflac"
	stream, err := r.ListCallHistory(ctx, list(&pb.Selector{UserName: c.User}))
	rows := all(t, stream, err, (*pb.CallPage).GetCalls)
	if len(rows) != 1 {
		t.Fatalf("calls %v", rows)
	}
	m := rows[0].ProtoReflect()
	for i := range m.Descriptor().Fields().Len() {
		if f := m.Descriptor().Fields().Get(i); !m.Has(f) {
			t.Errorf("%s is not carried", f.Name())
		}
	}
	if rows[0].ParkedMs != 6100 || rows[0].LastedMs != 6500 || rows[0].PeerName != `\xfflac` {
		t.Errorf("call %v", rows[0])
	}
}
