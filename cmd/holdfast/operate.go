// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"

	"holdfast/internal/cli"
)

// operateCommand is everything an operator asks of a running daemon. Package
// cli knows the words.
type operateCommand struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"show ..., clear ..."`
}

// Run asks the daemon.
func (c *operateCommand) Run(ctx context.Context, line *commandLine) error {
	if code := cli.Run(ctx, line.Socket, c.Words, os.Stdin, os.Stdout, os.Stderr); code != 0 {
		return exitCode(code)
	}
	return nil
}
