// SPDX-License-Identifier: Apache-2.0

package radiustest

import (
	"net/netip"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
)

// Record is an Accounting-Request that was answered, each retransmission once more.
type Record struct {
	*Request
	Status    rfc2866.AcctStatusType
	SessionID string
	User      string
	Delay     time.Duration // Acct-Delay-Time
	From      netip.AddrPort
}

func newRecord(r *Request) *Record {
	return &Record{
		Request: r, Status: rfc2866.AcctStatusType_Get(r.Packet), SessionID: rfc2866.AcctSessionID_GetString(r.Packet),
		User: rfc2865.UserName_GetString(r.Packet), From: r.From,
		Delay: time.Duration(rfc2866.AcctDelayTime_Get(r.Packet)) * time.Second,
	}
}

// Records returns what was accounted so far, in order.
func (s *Server) Records() []*Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Record(nil), s.records...)
}

// WaitRecords waits until n records have come, at most for the time given, and
// returns what there is.
func (s *Server) WaitRecords(n int, most time.Duration) []*Record {
	s.wait(most, func() bool { return len(s.records) >= n })
	return s.Records()
}

// WaitRequests waits until n requests have come, retransmissions not counted, at
// most for the time given, and reports whether they have.
func (s *Server) WaitRequests(n int, most time.Duration) bool {
	return s.wait(most, func() bool { return s.counts.Requests >= n })
}

// wait waits for a condition on what mu protects.
func (s *Server) wait(most time.Duration, done func() bool) bool {
	deadline := time.Now().Add(most)
	timer := time.AfterFunc(most, s.changed.Broadcast)
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !done() {
		if !time.Now().Before(deadline) {
			return false
		}
		s.changed.Wait()
	}
	return true
}
