// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"time"

	"holdfast/internal/aaa"
	"holdfast/internal/config"
	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/internal/metrics"
	"holdfast/internal/store"
)

// spool is the store as accounting sees it.
type spool struct{ *store.Store }

// Write has changes made.
func (s spool) Write(ops []aaa.SpoolOp, done func()) bool {
	list := make([]store.Op, len(ops))
	for i := range ops {
		list[i] = store.Op(ops[i])
	}
	return s.Store.Write(list, done)
}

// startAccounting opens the spool and begins to deliver what earlier runs have left
// in it. Where no profile has accounting there is neither.
//
// What is started here stops after the exchange with RADIUS, which stops after the
// shards: each has something to say to the one before.
func (d *daemon) startAccounting(r *config.Result) error {
	if !aaa.Accounts(r.LNS) {
		return nil
	}
	path, faults := r.LNS.Radius.SpoolFile, d.log.Writer()
	s, err := store.Open(path, store.Options{Tables: aaa.SpoolTables(), Report: func(err error) {
		id := event.AccountingSpoolWorks
		if err != nil {
			id = event.AccountingSpoolFailed
		}
		faults.Write(time.Now(), &event.Record{ID: id, Name: path, Err: err})
	}})
	if err != nil {
		return err
	}
	d.undo(s.Close)
	notes := d.log.Writer()
	a, err := d.aaa.NewAccounting(time.Now(), aaa.AccountingOptions{
		Spool:        spool{s},
		Durable:      func(shard int, refs []lns.AuthRef) { d.shards[shard].Durable(refs) },
		Authenticate: d.aaa.Authenticate,
		Log:          func(now time.Time, e *event.Record) { notes.Write(now, e) },
	})
	if err != nil {
		return err
	}
	a.Configure(r.LNS)
	d.store, d.accounting = s, a
	for _, run := range []func(context.Context) error{part("store", s.Run), part("accounting", a.Run)} {
		l := newLayer(d.failed)
		l.run(run)
		d.undo(l.stop)
	}
	return nil
}

// stopAccounting lets what the shards have told last reach the disk and, if they
// answer, the servers.
func (d *daemon) stopAccounting() {
	if d.accounting == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.opt.StopTimeout)
	defer cancel()
	d.accounting.Stop(ctx)
}

// epoch tells the session ids of this run from those of earlier ones.
func (d *daemon) epoch() uint32 {
	if d.store != nil {
		return d.store.Boot()
	}
	return uint32(d.began.Unix())
}

// Accounted is what accounting and its spool have counted, for the metrics.
func (d *daemon) Accounted() metrics.Accounting {
	if d.accounting == nil {
		return metrics.Accounting{}
	}
	a, s := d.accounting.Statistics(), d.store.Stats()
	return metrics.Accounting{
		Requests: metrics.AccountingTypes(a.Requests), Responses: metrics.AccountingTypes(a.Responses),
		DroppedStarts: a.DroppedStarts, DroppedStops: a.DroppedStops, InterimsTimedOut: a.TimedOut,
		InterimsReplaced: a.InterimsReplaced, InterimsDropped: a.InterimsDropped, Malformed: a.Malformed,
		Deferred: a.Deferred, CheckpointsDropped: a.CheckpointsDropped, RecoveredSessions: a.RecoveredStops,
		PendingStarts: a.PendingStarts, PendingStops: a.PendingStops, Unwritten: a.Unwritten,
		Transactions: s.Commits, Changes: s.Ops, Bytes: s.Bytes, Failures: s.Failures, Failing: s.Failing,
	}
}
