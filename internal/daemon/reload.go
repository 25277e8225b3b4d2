// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"holdfast/internal/aaa"
	"holdfast/internal/config"
	"holdfast/internal/event"
	"holdfast/internal/lns"
)

// errRestart is wrapped by what a reload cannot change.
var errRestart = errors.New("takes effect only after a restart")

// reload puts the configuration file in force, or reports why it cannot.
func (d *daemon) reload(ctx context.Context) {
	// The service manager is told on a best-effort basis: a reload must not fail for it.
	_ = notify(systemd.SdNotifyReloading + "\n" + systemd.SdNotifyMonotonicUsec())
	if err := d.replace(ctx); err != nil {
		d.note(event.Record{ID: event.ConfigurationRejected, Name: d.opt.ConfigFile, Err: err})
	} else {
		d.note(event.Record{ID: event.ConfigurationLoaded, Name: d.opt.ConfigFile})
	}
	_ = notify(systemd.SdNotifyReady)
}

// replace checks everything that may refuse, then changes what there is to
// change. Addresses, ports and routing instances are the system's and may fail
// too; they come first and are put back then.
func (d *daemon) replace(ctx context.Context) error {
	next, err := d.load()
	if err != nil {
		return err
	}
	old := d.current.Load()
	if err := checkReload(old.Result, next); err != nil {
		return err
	}
	added, err := ensureAddresses(next)
	if err != nil {
		return err
	}
	radius, err := d.aaa.Prepare(next.LNS)
	if err != nil {
		return errors.Join(err, removeAddresses(added))
	}
	if err := d.applyInstances(old.Instances, next.Instances); err != nil {
		radius.Abort()
		return errors.Join(err, removeAddresses(added))
	}
	d.addresses = append(d.addresses, added...)
	radius.Apply() // before the shards ask servers that are new
	if d.accounting != nil {
		d.accounting.Configure(next.LNS)
	}
	for _, s := range d.shards {
		if err := s.Configure(ctx, next.LNS); err != nil {
			return err // the daemon stops
		}
	}
	if err := d.guard.configure(next); err != nil {
		return err
	}
	d.level.Set(next.Daemon.LogLevel)
	d.current.Store(&generation{next, time.Now()})
	d.dropAddresses(next)
	return nil
}

// dropAddresses removes from the host what the configuration has no more. What
// cannot be removed stays on the list: it is tried again, and reported, when
// the daemon stops.
func (d *daemon) dropAddresses(r *config.Result) {
	d.addresses = slices.DeleteFunc(d.addresses, func(p netip.Prefix) bool {
		return !slices.Contains(r.Daemon.LoopbackAddresses, p) && removeAddresses([]netip.Prefix{p}) == nil
	})
}

// checkReload says what of next only a restart can give.
func checkReload(old, next *config.Result) error {
	for _, fixed := range []struct {
		what string
		same bool
	}{
		{"number of shards", shardCount(old) == shardCount(next)},
		{"forwarding plane", old.Daemon.Plane == next.Daemon.Plane && old.Daemon.Device == next.Daemon.Device},
		{"address of metrics", old.Daemon.MetricsListen == next.Daemon.MetricsListen},
		{"accounting where there was none", aaa.Accounts(old.LNS) || !aaa.Accounts(next.LNS)},
		{"spool file", old.LNS.Radius.SpoolFile == next.LNS.Radius.SpoolFile},
		{"gateway addresses", slices.Equal(gateways(old), gateways(next))},
	} {
		if !fixed.same {
			return fmt.Errorf("%s: %w", fixed.what, errRestart)
		}
	}
	return lns.CheckReconfigure(old.LNS, next.LNS)
}
