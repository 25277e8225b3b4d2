// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"holdfast/internal/storm"
	"holdfast/internal/storm/report"
)

// dearSteps is how many steps of a set-up are slowed.
const dearSteps = 5

// results is everything that was measured.
type results struct {
	Slowed   *sweep             `json:"slowed,omitempty"`
	Full     *sweep             `json:"full_speed,omitempty"`
	Ablation []*storm.Recording `json:"ablation"`
}

// options are the flags.
type options struct {
	binary, json, html       string
	times, fullTimes, ablate []float64
	each                     time.Duration
	burn                     time.Duration
	quick, verbose           bool
}

func main() {
	o, err := parseFlags(os.Args[1:])
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		err = o.run(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "overload:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (*options, error) {
	var o options
	f := flag.NewFlagSet("overload", flag.ContinueOnError)
	times := f.String("times", "1,2,5,10,30,100", "multiples of the slowed server's capacity; empty: none")
	full := f.String("full-times", "1,2,5", "multiples of the capacity at full speed; empty: none")
	ablate := f.String("ablation", "10,30", "multiples with each mechanism switched off; empty: none")
	f.StringVar(&o.binary, "binary", "bin/holdfast", "the LNS")
	f.StringVar(&o.json, "json", "", "write everything that was recorded to this file")
	f.StringVar(&o.html, "html", "", "write a report to this file")
	f.DurationVar(&o.each, "for", time.Minute, "length of each multiple; of the ablation's: a quarter of it")
	f.DurationVar(&o.burn, "burn", 900*time.Microsecond, "processor time on top of each dear step of the slowed server")
	f.BoolVar(&o.quick, "quick", false, "a few seconds of each: does it work at all?")
	f.BoolVar(&o.verbose, "v", false, "a line a second, to the standard error")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.quick {
		*times, *full, *ablate, o.each = "1,10", "2", "10", 3*time.Second
	}
	var errs [3]error
	o.times, errs[0] = numbers(*times)
	o.fullTimes, errs[1] = numbers(*full)
	o.ablate, errs[2] = numbers(*ablate)
	return &o, errors.Join(errs[:]...)
}

func numbers(text string) (list []float64, err error) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		n, err := strconv.ParseFloat(word, 64)
		if err != nil || !(n > 0) {
			return nil, fmt.Errorf("%q is no multiple", word)
		}
		list = append(list, n)
	}
	return list, nil
}

// run measures and prints.
func (o *options) run(ctx context.Context, out io.Writer) (err error) {
	l := &lab{binary: o.binary, sampled: func(string, *storm.Sample) {}}
	if o.verbose {
		l.sampled = func(run string, s *storm.Sample) {
			fmt.Fprintf(os.Stderr, "%-32s %5.0f s %-9s offered %6.0f/s up %6.0f/s failed %6.0f/s in flight %6d p99 %7.1f ms hello %6.1f ms\n",
				run, s.At, s.Phase, s.Offered, s.Came, s.Failed, s.InFlight, s.SetupP99, s.HelloP99)
		}
	}
	var x results
	expected := float64(time.Second) / float64(dearSteps*o.burn)
	if len(o.times) > 0 {
		fmt.Fprintf(out, "Slowed: %v burned in each of %d steps, each multiple for %v\n", o.burn, dearSteps, o.each)
		if x.Slowed, err = l.sweep(ctx, "slowed", o.burn, o.times, o.each, expected); err == nil {
			err = x.Slowed.write(out)
		}
	}
	if len(o.fullTimes) > 0 && err == nil {
		fmt.Fprintln(out, "\nAt full speed, on processors shared with the emulator")
		if x.Full, err = l.sweep(ctx, "full speed", 0, o.fullTimes, o.each, fullSpeed); err == nil {
			err = x.Full.write(out)
		}
	}
	if len(o.ablate) > 0 && err == nil {
		fmt.Fprintf(out, "\nEach mechanism switched off in turn, slowed as above, each multiple for %v\n", o.each/4)
		if x.Ablation, err = l.ablation(ctx, o.burn, capacityOf(x.Slowed, expected), o.ablate, o.each/4); err == nil {
			err = report.WriteOverloads(out, x.Ablation)
		}
	}
	return errors.Join(err, o.write(&x))
}

// fullSpeed is about how many calls a second can be set up at full speed; it only
// says how many callers the emulator needs.
const fullSpeed = 10_000

// capacityOf is what a sweep has measured.
func capacityOf(x *sweep, otherwise float64) float64 {
	if x == nil || len(x.Rows) == 0 {
		return otherwise
	}
	return x.Rows[0].Capacity
}

// write writes the files that were asked for.
func (o *options) write(x *results) error {
	var errs []error
	if o.json != "" {
		text, err := json.MarshalIndent(x, "", "  ")
		errs = append(errs, err, os.WriteFile(o.json, text, 0o644))
	}
	if o.html != "" {
		page := report.Page{Title: "More calls than can be set up"}
		for _, w := range []*sweep{x.Slowed, x.Full} {
			if w != nil {
				page.Runs = append(page.Runs, w.Recording)
			}
		}
		page.Runs = append(page.Runs, x.Ablation...)
		f, err := os.Create(o.html)
		if err == nil {
			err = errors.Join(page.Write(f), f.Close())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
