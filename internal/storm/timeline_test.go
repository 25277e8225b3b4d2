// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"
)

// A sample is the difference of two snapshots, by the time between them.
func TestSampleIsADifference(t *testing.T) {
	var before, now Snapshot
	before.CallsOffered, now.CallsOffered = 100, 300
	before.CallsUp, now.CallsUp = 90, 110
	before.Failed[NoAnswer], now.Failed[NoAnswer] = 5, 25
	before.Setup.Add(time.Hour) // long past
	now.Setup = before.Setup
	now.Setup.Add(10 * time.Millisecond)
	now.Hello.Add(2 * time.Millisecond)
	now.Sessions, now.InFlight, now.Tunnels, now.TunnelsLost = 7, 8, 9, 10
	s := NewSample(5*time.Second, 2*time.Second, "hold", &now, &before)
	if s.At != 5 || s.Phase != "hold" || s.Up != 7 || s.InFlight != 8 || s.Tunnels != 9 || s.TunnelsLost != 10 {
		t.Errorf("%+v", s)
	}
	if s.Offered != 100 || s.Came != 10 || s.Failed != 10 || s.Causes["no answer"] != 20 || len(s.Causes) != 1 {
		t.Errorf("%+v", s)
	}
	if s.SetupP99 < 9.9 || s.SetupP99 > 10.5 || s.HelloP50 < 1.9 || s.HelloP50 > 2.1 {
		t.Errorf("%+v", s)
	}
	if s.Init() != 8 || s.Active() != 7 {
		t.Errorf("the callers' view: %d, %d", s.Init(), s.Active())
	}
	s.LNS = &LNSView{Init: 3, Active: 4}
	if s.Init() != 3 || s.Active() != 4 {
		t.Errorf("the LNS's view: %d, %d", s.Init(), s.Active())
	}
}

// Each line of the CSV has every column, and what the LNS did not say is empty.
func TestCSV(t *testing.T) {
	r := Recording{Samples: []Sample{
		{At: 1, Phase: "ramp", Up: 10, Causes: map[string]uint64{"cleared by CDN": 4}},
		{At: 2, Phase: "hold", Up: 20, TunnelsLost: 6, LNS: &LNSView{Parked: 77, Alarms: []string{"a"}}},
		{LNS: &LNSView{Alarms: []string{"b", "a"}}},
	}}
	var b strings.Builder
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v %v", err, rows)
	}
	if got := strings.Join(r.Alarms(), " "); got != "a b" {
		t.Errorf("alarms %s", got)
	}
	value := func(row int, name string) string {
		for i, n := range rows[0] {
			if n == name {
				return rows[row][i]
			}
		}
		t.Fatalf("no column %s in %v", name, rows[0])
		return ""
	}
	for _, c := range []struct {
		row        int
		name, want string
	}{
		{1, "phase", "ramp"}, {1, "up", "10"}, {1, "failed_cleared_by_CDN", "4"}, {1, "lns_parked", ""},
		{2, "phase", "hold"}, {2, "up", "20"}, {2, "tunnels_lost", "6"}, {2, "failed_cleared_by_CDN", "0"}, {2, "lns_parked", "77"},
	} {
		if got := value(c.row, c.name); got != c.want {
			t.Errorf("row %d, %s: %q, want %q", c.row, c.name, got, c.want)
		}
	}
}

// No design beats 1 - k*c/s.
func TestOverloadBound(t *testing.T) {
	o := Overload{Times: 100, Capacity: 200, Goodput: 190, Cheap: 10, Dear: 5000}
	if o.Bound() != 0.8 || o.Share() != 0.95 {
		t.Errorf("bound %v, share %v", o.Bound(), o.Share())
	}
	if o = (Overload{Times: 100}); o.Bound() != -1 || o.Share() != 0 {
		t.Errorf("bound %v, share %v", o.Bound(), o.Share())
	}
}
