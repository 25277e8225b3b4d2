// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/config"
	"holdfast/internal/storm"
	"holdfast/internal/testenv"
)

// The server of the outage is the same in all runs but for admission.
func TestOutageConfigurations(t *testing.T) {
	for _, run := range []outageRun{{}, {admission: true}} {
		_, built, errs := config.Load("outage", []byte(run.config()))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if built.LNS.Admission.Disabled == run.admission || built.LNS.Redial.Disabled == run.admission || built.Daemon.Shards != 1 {
			t.Errorf("admission %v: %+v", run.admission, built.LNS.Admission)
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
			list = append(list, &storm.Recording{Name: []string{"off", "on", "fast"}[i], Outages: []storm.Outage{o}})
		}
		return list
	}
	if err := judgeOutage(sound(), outageQuick); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(r []*storm.Recording){
		"off: 700 came back, of 800 that could": func(r []*storm.Recording) { r[0].Outages[0].ActiveAtEnd = 1100 },
		"on: 1100 of 1200 were up at the end": func(r []*storm.Recording) {
			r[1].Outages[0].ActiveAtEnd, r[1].Outages[0].BackAfter = 1100, -1
		},
		"fast: 2 tunnels and 0 sessions elsewhere": func(r []*storm.Recording) { r[2].Outages[0].TunnelsLost = 2 },
		"fast: 0 tunnels and 1 sessions elsewhere": func(r []*storm.Recording) { r[2].Outages[0].UntouchedLost = 1 },
		"on: no outage was recorded":               func(r []*storm.Recording) { r[1].Outages = nil },
	} {
		r := sound()
		spoil(r)
		if err := judgeOutage(r, outageQuick); err == nil || !strings.Contains(err.Error(), want) {
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
	for _, want := range []string{"The tour took", "slow server, admission off: 300 tunnels, 1200 sessions", "sessions dropped by the cut", "demo.html"} {
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
