// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"holdfast/internal/storm"
	"holdfast/internal/storm/report"
)

// outageText says what is going to happen, on the terminal and in the report.
func outageText(size outageSize) []string {
	perCall := dearSteps * size.burn
	again := ""
	if size.redialMax > 0 {
		again = fmt.Sprintf(", and twice as long after each call that fails, up to %v", size.redialMax)
	}
	return []string{
		fmt.Sprintf("%d sessions in %d tunnels from 3 LACs. Two LACs lose their link for %v: their modems hear nothing, hang up, and dial again, "+
			"for %v each time, with %v to %v between calls%s. The tunnels live on.",
			size.sessions, size.tunnels, size.cut, size.patience, size.redial, 5*size.redial, again),
		fmt.Sprintf("Three runs of the same program and the same emulator. In the first two the server burns %v of processor time in each of the %d dear steps "+
			"of a set-up, from the cut on: %.0f calls a second. The first answers every call in order; the second and the third choose.",
			size.burn, dearSteps, float64(time.Second)/float64(perCall)),
		fmt.Sprintf("%v after the link is back, the first gets another configuration: its policer for L2TP lets 250 messages a second through, "+
			"with a burst of 250 and a recover-time of 90 s. It is watched for %v more, or until all are back; "+
			"hello-interval is 0 in it from the beginning.", size.watch, size.policed),
		"A call that waits to be set up counts as Init.",
	}
}

// facts are what was different about a run.
func (r *outageRun) facts() []storm.Fact {
	admission, speed := "off", "nothing"
	if r.admission {
		admission = "on"
	}
	if r.burn > 0 {
		speed = fmt.Sprintf("%v: %.0f calls/s", dearSteps*r.burn, float64(time.Second)/float64(dearSteps*r.burn))
	}
	facts := []storm.Fact{{Name: "admission", Value: admission}, {Name: "burned for a set-up", Value: speed}}
	if r.policed > 0 {
		facts = append(facts, storm.Fact{Name: "L2TP policed", Value: fmt.Sprintf("250/s, for the last %v at most", r.policed)})
	}
	return facts
}

// print says how the runs ended.
func (d *outage) print(w io.Writer) error {
	fmt.Fprintln(w)
	err := report.WriteTable(w, d.runs)
	for _, text := range d.policerText() {
		fmt.Fprintf(w, "\n%s\n", text)
	}
	for _, s := range d.shown {
		fmt.Fprintf(w, "\n--- %s ---\n%s", s.Title, s.Text)
	}
	return err
}

// write writes the report and what it was made of.
func (d *outage) write(dir string) error {
	page := report.Page{
		Title: "Two of three LACs lose their link and come back",
		Intro: append(outageText(d.size), d.policerText()...), Runs: d.runs, Shown: d.shown,
	}
	err := errors.Join(
		writeFile(filepath.Join(dir, "demo.html"), page.Write),
		writeFile(filepath.Join(dir, "demo.json"), func(w io.Writer) error { return writeJSON(w, d.runs) }))
	for i, r := range d.runs {
		err = errors.Join(err, writeFile(filepath.Join(dir, fmt.Sprintf("demo-%d.csv", i+1)), r.WriteCSV))
	}
	return err
}

// judge says what did not go as it must: without admission the server
// must have done less than half of what it could, or the emulator was too kind,
// unless its modems were asked to be: those that wait longer and longer; with it everybody must be back and nothing may be lost.
func (d *outage) judge() error {
	var errs []error
	for i, r := range d.runs {
		if len(r.Outages) != 1 {
			errs = append(errs, fmt.Errorf("demo: %s: no outage was recorded", r.Name))
			continue
		}
		o := &r.Outages[0]
		switch {
		case i == 0:
			from, _ := policedSpan(r)
			could := (from - o.To) / (dearSteps * d.size.burn).Seconds()
			if back := upAt(r, from) - o.Before + int(o.Dropped); d.size.redialMax == 0 && float64(back) > could/2 {
				errs = append(errs, fmt.Errorf("demo: %s: %d came back, of %.0f that could: this storm was none", r.Name, back, could))
			}
		case o.BackAfter < 0:
			errs = append(errs, fmt.Errorf("demo: %s: %d of %d were up at the end", r.Name, o.ActiveAtEnd, o.Before))
		case o.TunnelsLost+o.UntouchedLost > 0:
			errs = append(errs, fmt.Errorf("demo: %s: %d tunnels and %d sessions elsewhere were lost", r.Name, o.TunnelsLost, o.UntouchedLost))
		}
	}
	return errors.Join(errs...)
}
