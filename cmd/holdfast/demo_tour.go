// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"holdfast/cmd/holdfast/stage"
	"holdfast/internal/storm"
)

// tour is one performance.
type tour struct {
	c   *demoCommand
	s   *stage.Stage
	out io.Writer
	err error // of the commands that were shown
}

func (d *tour) play(ctx context.Context) error {
	d.prologue()
	configuration, err := os.ReadFile(d.c.Config)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	d.title("holdfast serve -c %s", d.c.Config)
	started := time.Now()
	if err := d.s.Serve(ctx, self, string(configuration)); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "ready after %.2f s\n", time.Since(started).Seconds())

	d.title("%d subscribers dial over %d tunnels from %d LACs", d.c.Sessions, d.c.Tunnels, d.c.LACs)
	result, err := storm.Run(ctx, d.storm(func() { d.look(ctx, self) }))
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	d.title("what the subscribers say")
	result.WriteTable(d.out)

	d.title("after they have hung up")
	fmt.Fprintln(d.out, "Ended subscribers can be inspected for the destruct timeout; ended tunnels acknowledge for 31 s (RFC 2661 §5.7).")
	d.show(ctx, self, "show subscribers summary")
	d.show(ctx, self, "show services l2tp summary")
	stopped, err := d.s.Stop()
	if err != nil {
		return errors.Join(err, errors.New(d.s.LogTail()))
	}
	fmt.Fprintf(d.out, "\nThe LNS has ended in %.2f s.\n", stopped.Seconds())
	if d.err != nil {
		return d.err
	}
	if !result.Complete {
		return incomplete(result)
	}
	if t := result.Traffic; t.Lost > t.Sent/100 {
		return fmt.Errorf("demo: %d of %d packets were lost", t.Lost, t.Sent)
	}
	return nil
}

// prologue says where the demo happens and what it cannot show there.
func (d *tour) prologue() {
	if d.s.Mode == stage.Loopback {
		fmt.Fprintln(d.out, "Everything happens on the loopback device and the LNS forwards nothing: that takes root, or a user\n"+
			"namespace in which /dev/net/tun can be opened. Not shown for that reason: subscribers' packets and\n"+
			"their counters. Log-ins, addresses, show commands and hang-up are real.")
		return
	}
	where := "network namespaces lac, lns and core"
	if stage.Inside() {
		where += " inside a user namespace"
	}
	fmt.Fprintf(d.out, "Everything happens in %s; the LNS forwards between them through a TUN device.\n", where)
}

// storm is what the subscribers do.
func (d *tour) storm(atHold func()) storm.Options {
	o := storm.Options{
		Plan: storm.Plan{
			LNS: d.s.Gateways, LACs: d.c.LACs, Tunnels: d.c.Tunnels, Sessions: d.c.Sessions,
			IPv4: true, IPv6: true, CircuitID: "access-node eth 0/%d:100", Calling: "49301%d",
		},
		Sources:  d.s.Sources,
		Hold:     d.c.Hold,
		AtHold:   atHold,
		Listen:   d.s.Listen,
		Progress: (&storm.Lines{W: d.out}).Progress,
	}
	if d.s.Mode == stage.Namespaces {
		o.Plan.Traffic = storm.Traffic{Rate: d.c.Traffic, Size: 512, To: d.s.Targets}
	}
	return o
}

// look shows what an operator sees while the subscribers are on line.
func (d *tour) look(ctx context.Context, self string) {
	select { // some traffic first
	case <-time.After(d.c.Hold / 2):
	case <-ctx.Done():
		return
	}
	for _, words := range []string{
		"show services l2tp summary", "show services l2tp destination",
		"show subscribers summary", "show subscribers summary port",
		"show subscribers extensive user-name user7@example",
		"show ddos-protection protocols l2tp terse",
	} {
		d.show(ctx, self, words)
	}
}

func (d *tour) show(ctx context.Context, self, words string) {
	d.title("holdfast %s", words)
	d.err = errors.Join(d.err, d.s.Show(ctx, self, d.out, strings.Fields(words)...))
}

func (d *tour) title(format string, args ...any) {
	fmt.Fprintf(d.out, "\n--- "+format+" ---\n", args...)
}
