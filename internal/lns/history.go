// SPDX-License-Identifier: Apache-2.0

package lns

import "time"

// historyMax bounds how many ended sessions one shard keeps for inspection.
const historyMax = 4096

// stopWait is how long an ended session is Terminating because its Stop is not
// known to be on disk.
const stopWait = 10 * time.Second

// history is a ring of ended sessions, oldest first. Those whose Stop is on its way
// to the disk are Terminating, the others Terminated.
type history struct {
	rows    []terminated
	head    int // index of the oldest
	count   int
	dropped uint64                // how many were dropped or forgotten: the number of the oldest
	storing map[sessionRef]uint64 // by session: its number, while its Stop is on its way
	checked uint64                // the first that may still be on its way
}

type terminated struct {
	at  time.Time
	ref sessionRef // zero: its Stop is on disk, or it has none
	row SubscriberRow
}

// await says that the Stop of the session that was added last is on its way.
func (h *history) await(ref sessionRef) {
	if h.storing == nil {
		h.storing = make(map[sessionRef]uint64)
	}
	last := h.at(h.count - 1)
	last.ref, last.row.State = ref, StateTerminating
	h.storing[ref] = h.dropped + uint64(h.count) - 1
}

// settled says that the Stop of a session is on disk, or is not waited for any
// longer.
func (h *history) settled(ref sessionRef) {
	number, ok := h.storing[ref]
	if !ok {
		return
	}
	delete(h.storing, ref)
	row := h.at(int(number - h.dropped))
	row.ref, row.row.State = sessionRef{}, StateTerminated
}

// unsettled is the oldest session whose Stop is on its way; nil: there is none.
func (h *history) unsettled() *terminated {
	if len(h.storing) == 0 {
		return nil
	}
	for h.checked = max(h.checked, h.dropped); ; h.checked++ {
		if row := h.at(int(h.checked - h.dropped)); row.ref != (sessionRef{}) {
			return row
		}
	}
}

// giveUp lets those be Terminated whose Stop has been on its way for too long.
func (h *history) giveUp(now time.Time, c *Counters) {
	for row := h.unsettled(); row != nil && !now.Before(row.at.Add(stopWait)); row = h.unsettled() {
		c.StopsLate++
		h.settled(row.ref)
	}
}

// drop forgets the oldest.
func (h *history) drop() {
	if ref := h.rows[h.head].ref; ref != (sessionRef{}) {
		delete(h.storing, ref)
	}
	h.rows[h.head] = terminated{}
	h.head = (h.head + 1) % len(h.rows)
	h.count--
	h.dropped++
}

// add keeps a session; the oldest falls out when the ring is full, counted.
func (h *history) add(now time.Time, row SubscriberRow, c *Counters) {
	if h.count == len(h.rows) && len(h.rows) < historyMax {
		h.grow()
	}
	if h.count == len(h.rows) {
		h.drop()
		c.HistoryDropped++
	}
	h.rows[(h.head+h.count)%len(h.rows)] = terminated{at: now, row: row}
	h.count++
}

func (h *history) grow() {
	rows := make([]terminated, min(max(2*len(h.rows), 64), historyMax))
	for i := range h.count {
		rows[i] = h.rows[(h.head+i)%len(h.rows)]
	}
	h.rows, h.head = rows, 0
}

// next is when the oldest row has been kept long enough, or a Stop is not waited
// for any longer.
func (h *history) next(keep time.Duration) (at time.Time) {
	if h.count == 0 {
		return at
	}
	if row := h.unsettled(); row != nil {
		at = row.at.Add(stopWait)
	}
	return first(at, h.rows[h.head].at.Add(keep))
}

// expire forgets what has been kept long enough.
func (h *history) expire(now time.Time, keep time.Duration) {
	for h.count > 0 && !now.Before(h.rows[h.head].at.Add(keep)) {
		h.drop()
	}
}

// at is the i-th oldest row.
func (h *history) at(i int) *terminated { return &h.rows[(h.head+i)%len(h.rows)] }
