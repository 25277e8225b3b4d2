// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Serve is Run with SIGHUP asking for a reload, and SIGUSR1 for the beginning of
// Burn. SIGTERM and SIGINT are the
// caller's, who ends ctx on them.
func Serve(ctx context.Context, o Options) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	o.Reload = hangup
	slow := make(chan os.Signal, 1)
	if o.BurnLate {
		signal.Notify(slow, syscall.SIGUSR1)
		defer signal.Stop(slow)
	}
	o.Slow = slow
	return Run(ctx, o)
}
