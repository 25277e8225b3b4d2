// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/storm"
	"holdfast/internal/testenv"
)

// The whole suite in small, with the bounds that hold on any machine: nothing that
// was up is lost, the LNS is no amplifier, and honest log-ins come up.
func TestSmoke(t *testing.T) {
	testenv.Long(t)
	dir := t.TempDir()
	binary := filepath.Join(dir, "holdfast")
	if out, err := exec.Command("go", "build", "-o", binary, "holdfast/cmd/holdfast").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	o, err := parseFlags([]string{"-quick", "-binary", binary, "-json", filepath.Join(dir, "x.json")})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	err = o.run(t.Context(), &text)
	t.Log("\n" + text.String())
	if err != nil {
		t.Fatal(err)
	}
	attacks, err := o.attacks()
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]*run{}
	b, err := os.ReadFile(filepath.Join(dir, "x.json"))
	if err == nil {
		err = json.Unmarshal(b, &measured)
	}
	if err != nil || len(measured) != 2 {
		t.Fatalf("%d runs: %v", len(measured), err)
	}
	for name, x := range measured {
		if x.Quiet.Goodput < 0.8*o.logins || x.Idle <= 0 || len(x.Rows) != len(attacks) {
			t.Errorf("%s: %d attacks, %.1f log-ins/s and %.2f CPU in the quiet", name, len(x.Rows), x.Quiet.Goodput, x.Idle)
		}
		for i := range x.Rows {
			w := &x.Rows[i]
			if x.Kept(w) < 0.5 || w.CPU <= 0 || float64(w.Sent) < 0.3*o.rate*o.each.Seconds() || w.Missing > 0.1 {
				t.Errorf("%s: %s: %.2f of the log-ins came up, %d datagrams sent, %.2f CPU", name, w.Kind, x.Kept(w), w.Sent, w.CPU)
			}
		}
		ends := map[string]string{"malformed": "bad_header", "data": "unknown_session", "spoof": "spoofed source", "nobody": "no_route"}
		for i := range x.Rows {
			w := &x.Rows[i]
			if end, known := ends[w.Kind]; known && 2*w.Drops[end] < w.Sent/10 {
				t.Errorf("%s: %d packets of %s, %d ended as %s", name, w.Sent, w.Kind, w.Drops[end], end)
			}
		}
	}
}

// Each bound that is broken is said.
func TestFaults(t *testing.T) {
	x := &run{Recording: &storm.Recording{Sessions: 10, Samples: []storm.Sample{{Up: 10}, {Up: 3}}}}
	x.Quiet.Goodput = 100
	good := row{AttackResult: storm.AttackResult{Kind: "hello", AttackCount: storm.AttackCount{Sent: 1, SentBytes: 20, BackBytes: 60}}}
	good.Honest.Goodput, good.Honest.Hello.P99 = 90, 100
	good.Honest.Traffic = storm.Carried{Sent: 1000, Back: 990, RoundTrip: storm.Quantiles{P99: 100}}
	good.Missing = 0.01
	bad := func(change func(*row)) row {
		w := good
		change(&w)
		return w
	}
	x.Rows = []row{good}
	if f := x.faults(true); len(f) != 0 {
		t.Errorf("%q", f)
	}
	x.Rows = []row{
		bad(func(w *row) { w.Dropped = 1 }), bad(func(w *row) { w.Lost = 1 }), bad(func(w *row) { w.BackBytes = 61 }),
		bad(func(w *row) { w.Sent = 0 }), bad(func(w *row) { w.Honest.Goodput = 0 }),
		bad(func(w *row) { w.Honest.Traffic.Corrupt = 1 }), bad(func(w *row) { w.Honest.Traffic.Back = 0 }),
	}
	if f := x.faults(false); len(f) != len(x.Rows) {
		t.Errorf("%q", f)
	}
	x.Rows = []row{
		bad(func(w *row) { w.Honest.Goodput = 89 }), bad(func(w *row) { w.Honest.Hello.P99 = 101 }), bad(func(w *row) { w.Honest.Missed = 1 }),
		bad(func(w *row) { w.Honest.Traffic.RoundTrip.P99 = 101 }), bad(func(w *row) { w.Missing = 0.011 }),
	}
	if f := x.faults(true); len(f) != len(x.Rows) || len(x.faults(false)) != 0 || strings.Contains(strings.Join(f, ""), "machine") {
		t.Errorf("%q", f)
	}
	for i := range x.Rows {
		x.Rows[i].Pause = 50
	}
	if f := strings.Join(x.faults(true), ""); strings.Count(f, "the machine itself stood still for up to 50.0 ms") != 3 {
		t.Errorf("%q", f)
	}
	x.Recording.Sessions = 11
	if f := x.faults(false); len(f) != 1 {
		t.Errorf("%q", f)
	}
	x.Rows = nil
	if f := x.faults(false); len(f) != 1 {
		t.Errorf("%q", f)
	}
}

// Drops are counted by cause over shards and sockets; what the quiet knows as well
// is nothing that an attack has done.
func TestDrops(t *testing.T) {
	const text = `# HELP holdfast_l2tp_irregular_total Packets that did not fit.
holdfast_l2tp_irregular_total{shard="0",reason="bad_header"} 3
holdfast_l2tp_irregular_total{shard="1",reason="bad_header"} 4
holdfast_l2tp_irregular_total{shard="1",reason="duplicate"} 0
holdfast_ddos_dropped_packets_total{protocol="l2tp",type="sccrq",location="fpc 0",verdict="aggregate"} 1e+06
holdfast_socket_lost_datagrams_total{gateway="192.0.2.1",role="control",socket="0"} 9
holdfast_l2tp_tunnels_total{shard="0",event="requested"} 5000
holdfast_l2tp_tunnels_total{shard="0",event="half_open_evicted"} 8
holdfast_plane_spoofed_total 6
holdfast_shards 2
`
	d, err := parseDrops(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.text(), "aggregate of l2tp sccrq 1000000, control receive buffer 9, tunnel: half_open_evicted 8, bad_header 7"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	d = d.since(drops{"bad_header": 7, "tunnel: half_open_evicted": 8, "control receive buffer": 1})
	if got, want := d.beside(drops{"control receive buffer": 3}).text(), "aggregate of l2tp sccrq 1000000, spoofed source 6"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := (drops{}).text(); got != "-" {
		t.Errorf("none: %s", got)
	}
	if _, err := parseDrops(strings.NewReader("holdfast_l2tp_irregular_total{shard=\"0\"} x\n")); err == nil {
		t.Error("x is a number")
	}
}

// Runs and attacks have names, rates are above zero.
func TestFlags(t *testing.T) {
	o, err := parseFlags([]string{"-runs", "flows", "-attacks", "hello,data:7,spoof", "-rate", "5"})
	if err != nil || o.runs != "flows" {
		t.Fatalf("%+v %v", o, err)
	}
	want := []assault{{storm.AttackHello, 5}, {storm.AttackData, 7}, {storm.AttackSpoof, 5}}
	if list, err := o.attacks(); err != nil || !slices.Equal(list, want) {
		t.Errorf("%v %v", list, err)
	}
	// Without a plane there is nothing to spoof.
	o.loopback = true
	if list, err := o.attacks(); err != nil || !slices.Equal(list, want[:2]) {
		t.Errorf("%v %v", list, err)
	}
	for _, bad := range []string{"-runs=x", "-attacks=hello,none", "-attacks=data:x", "-attacks=data:0", "-traffic=0", "-rate=0", "-log-ins=-1"} {
		if _, err := parseFlags([]string{bad}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// A standstill is told once.
func TestWatch(t *testing.T) {
	var w watch
	end := w.begin()
	for w.most.Load() == 0 { // any sleep takes a little longer than it was to
	}
	end()
	if w.longest() <= 0 || w.longest() != 0 {
		t.Error("not told, or twice")
	}
}
