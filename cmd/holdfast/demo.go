// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"holdfast/cmd/holdfast/stage"
)

// demoCommand is `holdfast demo`: the outage that this server is made against
// (demo_outage.go), or a tour of what an operator sees (demo_tour.go).
type demoCommand struct {
	Tour  bool   `help:"Not the outage: an LNS, subscribers, traffic, and what an operator sees of them."`
	Quick bool   `help:"A short tour, then the outage in small: under a minute."`
	Out   string `default:"." placeholder:"DIR" type:"existingdir" help:"Where the outage's report and recordings go."`
	Plain bool   `help:"Lines even on a terminal."`

	Policed   time.Duration `placeholder:"DURATION" help:"How long the outage's policer is watched, unless all are back before (default: 25s)."`
	RedialMax time.Duration `placeholder:"DURATION" help:"The outage's modems wait twice as long after each failed call, up to this (default: they do not)."`

	Config   string        `default:"examples/demo.conf" type:"existingfile" help:"Of the tour: configuration of the LNS; gateways 192.0.2.1 and 192.0.2.2."`
	LACs     int           `name:"lacs" default:"3" help:"Of the tour: LACs."`
	Tunnels  int           `default:"60" help:"Of the tour: tunnels over all LACs."`
	Sessions int           `default:"600" help:"Of the tour: PPP sessions over all tunnels."`
	Traffic  float64       `default:"5000" help:"Of the tour: packets a second through the sessions."`
	Hold     time.Duration `default:"5s" help:"Of the tour: how long the sessions stay up."`
	Mode     string        `default:"auto" enum:"auto,namespaces,user,loopback" help:"Of the tour: namespaces need root, loopback has no forwarding."`
}

// insideFailed is the exit status by which the demo inside a user namespace says
// that it can do nothing there.
const insideFailed = 77

// Run plays the demo.
func (c *demoCommand) Run(ctx context.Context) error {
	size := c.size()
	if c.Quick {
		c.LACs, c.Tunnels, c.Sessions, c.Hold = 3, 12, 120, time.Second
	}
	if c.Tour || c.Quick {
		if err := c.tour(ctx); err != nil || c.Tour || stage.Inside() {
			return err
		}
	}
	return c.outage(ctx, size)
}

// size is how large the outage is played.
func (c *demoCommand) size() outageSize {
	size := outageFull
	if c.Quick {
		size = outageQuick
	}
	size.policed = cmp.Or(c.Policed, size.policed)
	size.redialMax = c.RedialMax
	size.slow += c.RedialMax // the last ones may have that long to wait
	size.fast += c.RedialMax
	return size
}

// tour plays the tour, here or in a child inside a user namespace.
func (c *demoCommand) tour(ctx context.Context) error {
	began := time.Now()
	mode, err := c.mode(ctx)
	if err != nil || mode == nil {
		return err // mode nil: a child in a user namespace has played it
	}
	s, err := stage.Open(*mode, fmt.Sprintf("hf-demo-%d", os.Getpid()))
	if err != nil {
		return err
	}
	d := tour{c: c, s: s, out: os.Stdout}
	err = errors.Join(d.play(ctx), s.Close())
	if err == nil {
		fmt.Fprintf(d.out, "\nThe tour took %.1f s and has left nothing behind.\n", time.Since(began).Seconds())
	}
	return err
}

// mode finds out where the demo can happen.
func (c *demoCommand) mode(ctx context.Context) (*stage.Mode, error) {
	namespaces, loopback := stage.Namespaces, stage.Loopback
	if c.Mode == "loopback" {
		return &loopback, nil
	}
	if stage.Inside() || c.Mode != "user" {
		err := stage.Probe()
		if err == nil {
			return &namespaces, nil
		}
		if stage.Inside() {
			fmt.Fprintln(os.Stderr, "demo:", err)
			os.Exit(insideFailed)
		}
		if c.Mode == "namespaces" {
			return nil, err
		}
	}
	err := stage.Reexec(ctx)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &exit) && exit.ExitCode() != insideFailed:
		return nil, exitCode(1) // it has said why
	case c.Mode == "user":
		return nil, err
	}
	return &loopback, nil
}
