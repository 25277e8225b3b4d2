// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/cmd/holdfast/stage"
	"holdfast/internal/config"
	"holdfast/internal/police"
	"holdfast/internal/storm"
	"holdfast/internal/testenv"
)

// The server of the outage is the same in all runs but for admission.
func TestOutageConfigurations(t *testing.T) {
	for _, run := range []outageRun{{}, {admission: true}, {policed: time.Second}} {
		_, built, errs := config.Load("outage", []byte(run.configuration().Text()))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if built.LNS.Admission.Disabled == run.admission || built.LNS.Redial.Disabled == run.admission || built.Daemon.Shards != 1 {
			t.Errorf("admission %v: %+v", run.admission, built.LNS.Admission)
		}
		if silent := built.LNS.Groups[0].Terms("lac1").Tunnel.HelloInterval < 0; silent != (run.policed > 0) {
			t.Errorf("policed %v: HELLO off is %v", run.policed, silent)
		}
	}
}

// The policer is all that comes with the reload.
func TestOutagePolicer(t *testing.T) {
	run := outageRun{policed: time.Second}
	_, built, errs := config.Load("outage", []byte(policed(run.configuration()).Text()))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	p := built.Police.Types[police.L2TPAggregate]
	if p.Bandwidth != 250 || p.Burst != 250 || p.RecoverTime != 90*time.Second {
		t.Errorf("%+v", p)
	}
	if got := strings.Replace(policed(run.configuration()).Text(), policer, "", 1); got != run.configuration().Text() {
		t.Error(got)
	}
}

// What is said of the policer is what was measured, on both sides of its beginning.
func TestPolicerText(t *testing.T) {
	r := &storm.Recording{
		Name: "off", Outages: []storm.Outage{{To: 10, Before: 1000}}, Marks: []storm.Span{{From: 20, To: 30}},
	}
	for i := range 31 {
		s := storm.Sample{At: float64(i), Up: 400 + 2*i, HelloP99: 9000, Offered: 70, Came: 3}
		if i > 20 {
			s.Up, s.TunnelsLost, s.HelloP99, s.Came = 440+20*(i-20), 2, 1500, 21
		}
		if i%2 == 0 {
			s.LNS = &storm.LNSView{Control: uint64(100 * i), Policed: uint64(40 * max(i-20, 0))}
		}
		r.Samples = append(r.Samples, s)
	}
	d := outage{runs: []*storm.Recording{r, {Name: "on"}}}
	got := strings.Join(d.policerText(), "\n")
	want := `The policer in "off": in the 10 s before it 70 calls a second were offered and 3 came up, and 440 of 1000 modems were up at the end; ` +
		`in the 10 s with it 70 were offered and 21 came up, and 640 of 1000 were up. At that pace the other 360 would have needed 18 s more. ` +
		`It dropped 400 of 1000 L2TP messages. The acknowledgement of a HELLO took up to 1.5 s (p99 of a second); 2 tunnels were lost.`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}

	r.Outages[0].Before = 600
	const back = "and 640 of 600 were up. All were back 8 s after it had come. It dropped"
	if got := strings.Join(d.policerText(), "\n"); !strings.Contains(got, back) {
		t.Errorf("%s\nwant\n%s", got, back)
	}
}

// How long the rest would take is judged by the last minute: a hundred came in the
// first, and one a second since.
func TestPolicerOutlook(t *testing.T) {
	r := &storm.Recording{Outages: []storm.Outage{{Before: 1000}}, Marks: []storm.Span{{From: 10, To: 210}}}
	for i := range 211 {
		r.Samples = append(r.Samples, storm.Sample{At: float64(i), Up: min(10*i, 100) + i})
	}
	d := outage{runs: []*storm.Recording{r}}
	const want = "At the pace of the last minute the other 690 would have needed 12 minutes more."
	if got := strings.Join(d.policerText(), "\n"); !strings.Contains(got, want) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What is asked for by flags is what is played, and said.
func TestOutageSize(t *testing.T) {
	if got := (&demoCommand{}).size(); got != outageFull {
		t.Errorf("%+v", got)
	}
	got := (&demoCommand{Quick: true, Policed: time.Minute, RedialMax: 20 * time.Second}).size()
	want := outageQuick
	want.policed, want.redialMax = time.Minute, 20*time.Second
	want.slow, want.fast = want.slow+20*time.Second, want.fast+20*time.Second
	if got != want {
		t.Errorf("%+v", got)
	}
	text := strings.Join(outageText(got), "\n")
	for _, want := range []string{
		"200ms to 1s between calls, and twice as long after each call that fails, up to 20s.",
		"watched for 1m0s more, or until all are back;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if plan := outageStorm(got, &stage.Stage{Gateways: []netip.AddrPort{{}}}).Plan; plan.RedialMax != 20*time.Second {
		t.Errorf("%+v", plan)
	}
}

// A time is said no more exactly than it is known.
func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		18400 * time.Millisecond: "18 s", 119 * time.Second: "119 s", 8 * time.Minute: "8 minutes", 206 * time.Minute: "3 hours",
	} {
		if got := roughly(d); got != want {
			t.Errorf("%v is %q", d, got)
		}
	}
}

// The verdict knows a storm that was none, and every way of losing something.
func TestOutageIsJudged(t *testing.T) {
	sound := func() []*storm.Recording {
		var list []*storm.Recording
		for i := range 3 {
			o := storm.Outage{Before: 1200, Dropped: 800, ActiveAtEnd: 1200, BackAfter: 5}
			if i == 0 {
				o.ActiveAtEnd, o.BackAfter = 410, -1
			}
			r := &storm.Recording{Name: []string{"off", "on", "fast"}[i], Outages: []storm.Outage{o}}
			if i == 0 { // 8 s of nothing, then the policer
				r.Phases = []storm.Span{{Name: "recover", To: 8}, {Name: "recover", From: 8, To: 16}}
				r.Samples = []storm.Sample{{At: 8, Up: 410}, {At: 16, Up: 900}}
			}
			list = append(list, r)
		}
		return list
	}
	if err := (&outage{size: outageQuick, runs: sound()}).judge(); err != nil {
		t.Error(err)
	}
	kind := sound()
	kind[0].Samples[0].Up = 1100
	patient := outageQuick
	patient.redialMax = time.Minute
	if err := (&outage{size: patient, runs: kind}).judge(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(r []*storm.Recording){
		"off: 700 came back, of 800 that could": func(r []*storm.Recording) { r[0].Samples[0].Up = 1100 },
		"on: 1100 of 1200 were up at the end": func(r []*storm.Recording) {
			r[1].Outages[0].ActiveAtEnd, r[1].Outages[0].BackAfter = 1100, -1
		},
		"fast: 2 tunnels and 0 sessions elsewhere": func(r []*storm.Recording) { r[2].Outages[0].TunnelsLost = 2 },
		"fast: 0 tunnels and 1 sessions elsewhere": func(r []*storm.Recording) { r[2].Outages[0].UntouchedLost = 1 },
		"on: no outage was recorded":               func(r []*storm.Recording) { r[1].Outages = nil },
	} {
		r := sound()
		spoil(r)
		if err := (&outage{size: outageQuick, runs: r}).judge(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The quick demo: the tour, then the outage three times, judged by itself. It
// leaves a report and recordings.
func TestDemoQuick(t *testing.T) {
	testenv.Long(t)
	dir := t.TempDir()
	cmd := exec.Command(buildBinary(t), "demo", "--quick", "--mode", "loopback", "--config", "../../examples/demo.conf", "--out", dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"The tour took", "slow server, admission off: 300 tunnels, 1200 sessions",
		"sessions dropped by the cut", "The policer in", "250 pps*", "demo.html",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var runs []storm.Recording
	text, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err == nil {
		err = json.Unmarshal(text, &runs)
	}
	if err != nil || len(runs) != 3 || len(runs[0].Samples) < 10 || runs[0].Samples[5].LNS == nil {
		t.Errorf("%v: %d runs", err, len(runs))
	}
	for _, name := range []string{"demo.html", "demo-1.csv", "demo-3.csv"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantNothingLeft(t, cmd.Process.Pid)
}
