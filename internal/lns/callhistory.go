// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"
)

// callHistoryMax bounds how many ended calls one shard remembers.
const callHistoryMax = 8192

// CallRow is one call that has ended, up or not: what an operator asks for when
// a subscriber says that he could not get in.
type CallRow struct {
	At        time.Duration // ago
	Shard     int
	Calling   string
	CircuitID string
	User      string // empty: it never came to that
	Group     string
	Peer      netip.Addr
	PeerName  string
	Tunnel    uint16
	Session   uint16
	Cause     string
	WasUp     bool
	Waited    time.Duration // parked, before it was begun or ended
	Lasted    time.Duration // from its ICRQ to its end
	endedAt   time.Time
}

// callHistory is a ring of the calls that ended last.
type callHistory struct {
	rows  []CallRow
	next  int    // the place of the next one, once the ring is full
	added uint32 // since the start; wraps
}

func (h *callHistory) add(row CallRow) {
	h.added++
	if len(h.rows) < callHistoryMax {
		h.rows = append(h.rows, row)
		return
	}
	h.rows[h.next] = row
	h.next = (h.next + 1) % callHistoryMax
}

// newest is the i-th newest call; nil: there are not so many.
func (h *callHistory) newest(i int) *CallRow {
	n := len(h.rows)
	if i >= n {
		return nil
	}
	return &h.rows[((h.next-1-i)%n+n)%n]
}

// remember keeps what is to be known of a call that ends.
func (e *Engine) remember(s *session, cause Cause) {
	call := e.call(s)
	row := CallRow{
		Shard: e.shard, Calling: call.CallingNumber, User: s.user, Group: s.bind.group.Name, Tunnel: uint16(s.tunnel),
		Session: uint16(s.id), Cause: cause.String(), WasUp: s.wasUp, Lasted: e.now.Sub(s.createdAt), endedAt: e.now,
	}
	row.CircuitID, _ = lineIDs(call)
	row.Waited = row.Lasted
	if !s.begunAt.IsZero() {
		row.Waited = s.begunAt.Sub(s.createdAt)
	}
	peer, name := e.l2.Peer(s.tunnel)
	row.Peer, row.PeerName = peer.Addr(), name
	e.calls.add(row)
	if !s.wasUp {
		e.counters.Failed[cause]++
	}
}

// historyCursor marks a cursor that names the next call by its number, counted
// since the start: calls that end between two pages do not shift the others.
const historyCursor = 1 << 31

// showCallHistory lists ended calls, the newest first.
func (e *Engine) showCallHistory(r *Request) {
	f, next := &r.Filter, uint32(0)
	if r.Cursor != 0 {
		next = (e.calls.added - r.Cursor) % historyCursor
	}
	for steps := 0; ; steps++ {
		row := e.calls.newest(int(next))
		if row == nil {
			return
		}
		if steps == pageSteps || len(r.Calls) == r.Limit {
			r.Done, r.Cursor = false, historyCursor|(e.calls.added-next)
			return
		}
		next++
		if (f.User == "" || f.User == row.User) && (f.Calling == "" || f.Calling == row.Calling) &&
			(f.CircuitID == "" || f.CircuitID == row.CircuitID) && (!f.Peer.IsValid() || f.Peer == row.Peer) &&
			(f.PeerName == "" || f.PeerName == row.PeerName) && (f.Group == "" || f.Group == row.Group) &&
			(f.LocalTunnel == 0 || f.LocalTunnel == row.Tunnel) && (f.LocalSession == 0 || f.LocalSession == row.Session) {
			out := *row
			out.At = e.now.Sub(row.endedAt)
			r.Calls = append(r.Calls, out)
		}
	}
}
