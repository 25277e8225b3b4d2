// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"holdfast/internal/config"
)

// checkCommand is `holdfast check-config FILE`.
type checkCommand struct {
	File string `arg:"" help:"Configuration."`
}

// Run prints one line for each error, FILE:LINE:COLUMN: text, and fails if
// there is any.
func (c *checkCommand) Run() error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	if _, _, errs := config.Load(c.File, text); len(errs) > 0 {
		fmt.Fprintln(os.Stderr, config.Errors(errs))
		return exitCode(1)
	}
	fmt.Printf("%s: the configuration is sound\n", c.File)
	return nil
}
