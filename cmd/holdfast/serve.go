// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/daemon"
)

// serveCommand is `holdfast serve`: the LNS itself.
type serveCommand struct {
	Config  string        `short:"c" required:"" placeholder:"FILE" help:"Configuration."`
	Burn    time.Duration `hidden:"" env:"HOLDFAST_BURN" help:"Processor time to be spent on top of each dear step of a set-up: a slow server, for comparison."`
	Without []string      `hidden:"" env:"HOLDFAST_WITHOUT" help:"Mechanisms of admission that are switched off, for comparison."`
	Late    bool          `hidden:"" name:"burn-late" env:"HOLDFAST_BURN_LATE" help:"Begin with that at SIGUSR1."`
}

// Run serves until a signal or a fault ends it.
func (c *serveCommand) Run(ctx context.Context, cli *commandLine) error {
	without, err := admission.ParseMechanisms(c.Without)
	if err != nil {
		return err
	}
	return daemon.Serve(ctx, daemon.Options{ConfigFile: c.Config, Socket: cli.Socket, Version: version(), Burn: c.Burn, BurnLate: c.Late, Without: without})
}
