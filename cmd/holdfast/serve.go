// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"holdfast/internal/daemon"
)

// serveCommand is `holdfast serve`: the LNS itself.
type serveCommand struct {
	Config string `short:"c" required:"" placeholder:"FILE" help:"Configuration."`
}

// Run serves until a signal or a fault ends it.
func (c *serveCommand) Run(ctx context.Context, cli *commandLine) error {
	return daemon.Serve(ctx, daemon.Options{ConfigFile: c.Config, Socket: cli.Socket, Version: version()})
}
