// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"

	"holdfast/internal/event"
)

// dropped names a record that was given up.
type dropped struct {
	outlet   *outlet
	sequence uint64
}

// dropLot is how many Stops beyond the bound are given up at once: finding the
// oldest means reading past the Starts of sessions that are up.
const dropLot = 256

// bound gives the oldest Stops up when there are more than PendingStopsMax, for
// the accounting servers and for the duplication servers each, with their Starts.
func (l *ledger) bound() {
	for _, duplicate := range []bool{false, true} {
		sum := 0
		var most *outlet
		for _, o := range l.order {
			if o.key.duplicate == duplicate {
				sum += o.stops
				if most == nil || o.stops > most.stops {
					most = o
				}
			}
		}
		if over := sum - l.limits.PendingStopsMax; over > 0 {
			l.dropOldest(most, over+min(dropLot, l.limits.PendingStopsMax/8))
		}
	}
}

// dropOldest gives up n Stops and the Starts that wait before them.
func (l *ledger) dropOldest(o *outlet, n int) {
	starts := make(map[uint64]uint64) // session -> sequence number
	var list []uint64
	stops := 0
	l.look(o, func(sequence uint64, r *queueRecord) bool {
		if r.kind == queuedStart {
			starts[r.session] = sequence
			return true
		}
		if start, ok := starts[r.session]; ok {
			list = append(list, start)
		}
		list = append(list, sequence)
		stops++
		return stops < n
	})
	l.drop(o, list)
}

// expire gives up what is older than WithholdMax.
func (l *ledger) expire() {
	if l.limits.WithholdMax <= 0 {
		return
	}
	for _, o := range l.order {
		var list []uint64
		l.look(o, func(sequence uint64, r *queueRecord) bool {
			if l.now.Sub(r.at) <= l.limits.WithholdMax {
				return false
			}
			list = append(list, sequence)
			return true
		})
		l.drop(o, list)
	}
}

// look goes through the records of an outlet that wait and are on disk, the oldest
// first, as long as each returns true.
func (l *ledger) look(o *outlet, each func(sequence uint64, r *queueRecord) bool) {
	err := l.spool.Scan(tableQueue, o.prefix, nil, func(k, v []byte) bool {
		_, sequence, _ := parseQueueKey(k)
		if o.dropping[sequence] || sequence <= o.loaded && o.window[sequence] == nil {
			return true // done with, and its removal not written yet
		}
		r, err := parseQueued(v)
		if err != nil {
			return true
		}
		return each(sequence, &r)
	})
	l.spoolFailed(err)
}

func (l *ledger) spoolFailed(err error) {
	if err != nil {
		l.fx.log = append(l.fx.log, event.Record{ID: event.AccountingSpoolFailed, Err: err})
	}
}

// drop gives records up, wherever they are.
func (l *ledger) drop(o *outlet, list []uint64) {
	if len(list) == 0 {
		return
	}
	starts, stops := o.starts, o.stops
	for _, sequence := range list {
		if e := o.window[sequence]; e != nil {
			l.recall(e)
			l.remove(e)
			continue
		}
		key := queueKey(o.prefix, sequence)
		err := l.spool.Scan(tableQueue, key, nil, func(_, v []byte) bool {
			o.count(v[1], -1) // look has read it
			return false
		})
		l.spoolFailed(err)
		o.dropping[sequence] = true
		o.onDisk--
		if !l.isOwn(sequence) {
			o.old--
		}
		l.batch.ops = append(l.batch.ops, SpoolOp{tableQueue, key, nil})
		l.batch.dropped = append(l.batch.dropped, dropped{o, sequence})
	}
	l.stats.DroppedStarts += uint64(starts - o.starts)
	l.stats.DroppedStops += uint64(stops - o.stops)
	o.dropped += uint64(stops - o.stops)
	l.fx.log = append(l.fx.log, event.Record{ID: event.AccountingDropped, Name: o.key.profile, Count: len(list)})
}

// recall takes a request back that is out.
func (l *ledger) recall(e *entry) {
	if e.ref == 0 {
		return
	}
	delete(l.requests, e.ref)
	e.ref = 0
	e.outlet.inFlight--
	l.fx.cancel = append(l.fx.cancel, e)
}

// restore puts into the queue what earlier boots have left open, a part at a time:
// a Stop for each session, and before it the Start of one that may have been up
// without. When nothing is left Accounting-On can be sent behind them.
func (l *ledger) restore() {
	if l.restored || l.batch.restore || l.writing != nil && l.writing.restore || len(l.batch.ops) >= l.bounds.batch {
		return
	}
	n := 0
	err := l.spool.Scan(tableOpen, nil, l.cursor, func(k, v []byte) bool {
		if n == l.bounds.recover {
			return false
		}
		l.cursor = append(append(l.cursor[:0], k...), 0)
		if len(k) == 8 && binary.BigEndian.Uint64(k)>>40 == l.epoch {
			return true // it is up
		}
		n++
		l.restoreOne(k, v)
		return true
	})
	if err != nil {
		l.spoolFailed(err)
		return // advance tries again
	}
	l.batch.restore = n > 0
	if l.restored = n == 0; l.restored && l.stats.RecoveredStops > 0 {
		l.fx.log = append(l.fx.log, event.Record{ID: event.AccountingRecovered, Count: int(l.stats.RecoveredStops)})
	}
}

// restoreOne ends a session that an earlier boot has left open.
func (l *ledger) restoreOne(k, v []byte) {
	l.batch.ops = append(l.batch.ops, SpoolOp{tableOpen, append([]byte(nil), k...), nil})
	r, err := parseOpen(v)
	if err != nil || len(k) != 8 {
		l.stats.Malformed++
		return
	}
	session := binary.BigEndian.Uint64(k)
	start := queueRecord{kind: queuedStart, session: session, at: r.at, attributes: r.start, noDelay: r.flags&flagNoStartDelay != 0}
	stop := queueRecord{kind: queuedStop, session: session, at: r.at, attributes: r.stop, noDelay: r.flags&flagNoStopDelay != 0}
	if r.flags&flagPrimary != 0 {
		l.restoreTo(outletKey{r.profile, false}, &start, &stop)
	}
	if r.flags&flagDuplicate != 0 {
		l.restoreTo(outletKey{r.profile, true}, &start, &stop)
	}
	if len(r.start) > 0 {
		l.stats.RecoveredStarts++
	}
	l.stats.RecoveredStops++
}

func (l *ledger) restoreTo(k outletKey, list ...*queueRecord) {
	for _, r := range list {
		if len(r.attributes) == 0 {
			continue // the Start is in the queue already, or was sent
		}
		l.old++
		value := appendQueued(make([]byte, 0, queueHeader+len(r.attributes)), r)
		own := *r
		own.attributes = value[queueHeader:]
		l.append(k, l.old, &own, value)
	}
}
