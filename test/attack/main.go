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

	"holdfast/cmd/holdfast/stage"
	"holdfast/internal/storm"
)

// options are the flags.
type options struct {
	binary, json, kinds, runs string
	tunnels, sessions         int
	rate, logins, traffic     float64
	each                      time.Duration
	quick, verbose, loopback  bool
}

// assault is one attack.
type assault struct {
	kind storm.AttackKind
	rate float64
}

// attacks are those of o.kinds: names, each perhaps with a rate of its own.
func (o *options) attacks() (list []assault, err error) {
	for _, text := range strings.Split(o.kinds, ",") {
		name, rate, own := strings.Cut(text, ":")
		a := assault{rate: o.rate}
		if a.kind, err = storm.ParseAttackKind(name); err != nil {
			return nil, err
		}
		if own {
			if a.rate, err = strconv.ParseFloat(rate, 64); err != nil || !(a.rate > 0) {
				return nil, fmt.Errorf("%q: the rate must be a number above zero", text)
			}
		}
		if a.kind >= storm.AttackSpoof && o.loopback {
			continue
		}
		list = append(list, a)
	}
	return list, nil
}

// mode is what the LNS works in.
func (o *options) mode() stage.Mode {
	if o.loopback {
		return stage.Loopback
	}
	return stage.Namespaces
}

// protections are the runs by name.
func protections() map[string]string {
	return map[string]string{
		"default": "",
		"flows":   "ddos-protection { global { flow-detection; } }",
	}
}

func main() {
	o, err := parseFlags(os.Args[1:])
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		err = o.run(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (*options, error) {
	var o options
	f := flag.NewFlagSet("attack", flag.ContinueOnError)
	f.StringVar(&o.binary, "binary", "bin/holdfast", "the LNS")
	f.StringVar(&o.json, "json", "", "write everything that was recorded to this file")
	f.StringVar(&o.kinds, "attacks", "sccrq,secret,icrq,hello,replay,malformed,data,data:1000000,spoof,nobody",
		"in this order, each perhaps with a rate of its own")
	f.StringVar(&o.runs, "runs", "default,flows", "the LNS as it is by default, and with flow detection")
	f.IntVar(&o.tunnels, "tunnels", 600, "of the LACs")
	f.IntVar(&o.sessions, "sessions", 8000, "that are established and must not notice")
	f.Float64Var(&o.rate, "rate", 10_000, "datagrams a second of each attack")
	f.Float64Var(&o.logins, "log-ins", 500, "honest calls a second")
	f.Float64Var(&o.traffic, "traffic", 2000, "packets a second of established sessions, each to come back")
	f.BoolVar(&o.loopback, "loopback", false, "on the loopback device, without a data plane, as it is without root")
	f.DurationVar(&o.each, "for", 20*time.Second, "length of the quiet, and of each attack")
	f.BoolVar(&o.quick, "quick", false, "a few seconds and sessions of each: does it work at all?")
	f.BoolVar(&o.verbose, "v", false, "a line a second, to the standard error")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.quick {
		o.tunnels, o.sessions, o.rate, o.logins, o.traffic, o.each = 60, 600, 2000, 50, 500, 2*time.Second
	}
	for _, name := range strings.Split(o.runs, ",") {
		if _, ok := protections()[name]; !ok {
			return nil, fmt.Errorf("%q is no run", name)
		}
	}
	if !(o.rate > 0 && o.logins > 0 && o.traffic > 0) {
		return nil, errors.New("rates must be above zero")
	}
	_, err := o.attacks()
	return &o, err
}

// run measures and prints.
func (o *options) run(ctx context.Context, out io.Writer) error {
	if err := stage.Probe(); err != nil && !o.loopback {
		o.loopback = true
		fmt.Fprintf(out, "No data plane and no attacks on it: %v.\n", err)
	}
	l := &lab{options: o, sampled: func(string, *storm.Sample) {}}
	if o.verbose {
		l.sampled = func(run string, s *storm.Sample) {
			fmt.Fprintf(os.Stderr, "%-8s %4.0f s %-9s offered %5.0f/s up %5.0f/s failed %5.0f/s in flight %5d p99 %7.1f ms hello %6.1f ms up %d\n",
				run, s.At, s.Phase, s.Offered, s.Came, s.Failed, s.InFlight, s.SetupP99, s.HelloP99, s.Up)
		}
	}
	measured := map[string]*run{}
	var faults []string
	for _, name := range strings.Split(o.runs, ",") {
		fmt.Fprintf(out, "%s: each attack for %v\n", name, o.each)
		x, err := l.play(ctx, name, protections()[name])
		if err == nil {
			err = x.write(out)
		}
		if err != nil {
			return err
		}
		measured[name] = x
		for _, f := range x.faults(!o.quick) {
			faults = append(faults, name+", "+f)
			fmt.Fprintln(out, "  out of bounds:", f)
		}
	}
	if o.json != "" {
		text, err := json.MarshalIndent(measured, "", "  ")
		if err = errors.Join(err, os.WriteFile(o.json, text, 0o644)); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d figures are out of bounds", len(faults))
	}
	return nil
}
