// SPDX-License-Identifier: Apache-2.0

package lns

import "time"

// historyMax bounds how many ended sessions one shard keeps for inspection.
const historyMax = 4096

// history is a ring of ended sessions, oldest first.
type history struct {
	rows  []terminated
	head  int // index of the oldest
	count int
}

type terminated struct {
	at  time.Time
	row SubscriberRow
}

// add keeps a session; the oldest falls out when the ring is full, counted.
func (h *history) add(now time.Time, row SubscriberRow, c *Counters) {
	if h.count == len(h.rows) && len(h.rows) < historyMax {
		h.grow()
	}
	if h.count == len(h.rows) {
		h.rows[h.head] = terminated{}
		h.head = (h.head + 1) % len(h.rows)
		h.count--
		c.HistoryDropped++
	}
	h.rows[(h.head+h.count)%len(h.rows)] = terminated{now, row}
	h.count++
}

func (h *history) grow() {
	rows := make([]terminated, min(max(2*len(h.rows), 64), historyMax))
	for i := range h.count {
		rows[i] = h.rows[(h.head+i)%len(h.rows)]
	}
	h.rows, h.head = rows, 0
}

// next is when the oldest row has been kept long enough.
func (h *history) next(keep time.Duration) time.Time {
	if h.count == 0 {
		return time.Time{}
	}
	return h.rows[h.head].at.Add(keep)
}

// expire forgets what has been kept long enough.
func (h *history) expire(now time.Time, keep time.Duration) {
	for h.count > 0 && !now.Before(h.rows[h.head].at.Add(keep)) {
		h.rows[h.head] = terminated{}
		h.head = (h.head + 1) % len(h.rows)
		h.count--
	}
}

// at is the i-th oldest row.
func (h *history) at(i int) *terminated { return &h.rows[(h.head+i)%len(h.rows)] }
