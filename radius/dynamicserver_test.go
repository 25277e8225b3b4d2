// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func dynamicRequest(id uint8) *DynamicRequest {
	return &DynamicRequest{
		Source: netip.MustParseAddrPort("192.0.2.9:4000"), Code: CoARequest, Identifier: id, Authenticator: [16]byte{id},
		HasTimestamp: true,
	}
}

// A retransmission gets the reply of the first, and is never done twice.
func TestDynamicDuplicates(t *testing.T) {
	d := NewDynamicServer(DynamicOptions{})
	now := epoch
	v, ticket, _ := d.Handle(now, dynamicRequest(1))
	if v != DynamicProcess || ticket == 0 {
		t.Fatalf("the first: %v %d", v, ticket)
	}
	if v, _, _ := d.Handle(now.Add(time.Second), dynamicRequest(1)); v != DynamicDrop {
		t.Fatalf("while it is processed: %v", v)
	}
	reply := []byte("nak")
	d.Answered(ticket, false, 503, reply)
	reply[0] = 'x' // the machine has its own copy
	v, _, again := d.Handle(now.Add(2*time.Second), dynamicRequest(1))
	if v != DynamicResend || !bytes.Equal(again, []byte("nak")) {
		t.Fatalf("after that: %v %q", v, again)
	}
	other := dynamicRequest(1)
	other.Authenticator[5] = 1
	if v, _, _ := d.Handle(now.Add(2*time.Second), other); v != DynamicProcess {
		t.Fatalf("the same Identifier with another authenticator: %v", v)
	}
	n := d.Counters()
	want := DynamicCodeCounters{Requests: 4, Naks: 1, Duplicates: 2, Pending: 1}
	if n.CoA != want || n.Naks[503] != 1 {
		t.Fatalf("%+v", n)
	}
	d.Clear()
	if n := d.Counters(); n.CoA != (DynamicCodeCounters{Requests: 1, Pending: 1}) || len(n.Naks) != 0 {
		t.Fatalf("cleared: %+v", n)
	}
}

// A request that was recorded is not done again, as long as its Event-Timestamp is in
// the window; outside of it none is.
func TestDynamicReplay(t *testing.T) {
	for _, row := range []struct {
		why       string
		timestamp bool
		age       time.Duration // of the Event-Timestamp when it comes again
		after     time.Duration
		want      DynamicVerdict
	}{
		{"a retransmission", true, 20 * time.Second, 20 * time.Second, DynamicResend},
		{"a replay in the window", true, 200 * time.Second, 200 * time.Second, DynamicResend},
		{"a replay of one from the future", true, 290 * time.Second, 590 * time.Second, DynamicResend},
		{"a replay when it is forgotten", true, 601 * time.Second, 601 * time.Second, DynamicDrop},
		{"the same octets without Event-Timestamp, later", false, 0, 40 * time.Second, DynamicProcess},
	} {
		d := NewDynamicServer(DynamicOptions{})
		r := dynamicRequest(1)
		r.HasTimestamp, r.Age = row.timestamp, row.age-row.after
		v, ticket, _ := d.Handle(epoch, r)
		if v != DynamicProcess {
			t.Fatalf("%s: at first %v", row.why, v)
		}
		d.Answered(ticket, true, 0, []byte("ack"))
		r.Age = row.age
		if v, _, _ := d.Handle(epoch.Add(row.after), r); v != row.want {
			t.Errorf("%s: %v, want %v", row.why, v, row.want)
		}
	}
}

// "If the Event-Timestamp Attribute is not current, then the packet MUST be silently
// discarded." RFC 5176 §6.3
func TestDynamicStale(t *testing.T) {
	for _, row := range []struct {
		age       time.Duration
		timestamp bool
		require   bool
		want      DynamicVerdict
	}{
		{300 * time.Second, true, false, DynamicProcess},
		{301 * time.Second, true, false, DynamicDrop},
		{-300 * time.Second, true, false, DynamicProcess},
		{-301 * time.Second, true, false, DynamicDrop},
		{0, false, false, DynamicProcess},
		{0, false, true, DynamicDrop}, // "Implementations SHOULD be configurable to discard" them. RFC 5176 §6.3
	} {
		d := NewDynamicServer(DynamicOptions{RequireTimestamp: row.require})
		r := dynamicRequest(1)
		r.Age, r.HasTimestamp = row.age, row.timestamp
		if v, _, _ := d.Handle(epoch, r); v != row.want {
			t.Errorf("age %v, timestamp %v, required %v: %v, want %v", row.age, row.timestamp, row.require, v, row.want)
		}
	}
}

// What is remembered is bounded: young requests are not forgotten for new ones, old
// ones are.
func TestDynamicFull(t *testing.T) {
	d := NewDynamicServer(DynamicOptions{Max: 2})
	var first Ticket
	for id, want := range []DynamicVerdict{DynamicProcess, DynamicProcess, DynamicDrop} {
		v, ticket, _ := d.Handle(epoch, dynamicRequest(uint8(id)))
		if v != want {
			t.Fatalf("request %d: %v, want %v", id, v, want)
		}
		if id == 0 {
			first = ticket
		}
	}
	if v, _, _ := d.Handle(epoch.Add(31*time.Second), dynamicRequest(9)); v != DynamicProcess {
		t.Fatalf("when the others are old: %v", v)
	}
	d.Answered(first, true, 0, nil) // forgotten: nothing happens
	want := DynamicCodeCounters{Requests: 4, Full: 1, Unanswered: 1, Pending: 2}
	if n := d.Counters().CoA; n != want {
		t.Fatalf("%+v, want %+v", n, want)
	}
}

func TestDynamicReject(t *testing.T) {
	d := NewDynamicServer(DynamicOptions{})
	for why := DynamicUnknownClient; why <= DynamicUnknownType; why++ {
		d.Reject(why)
	}
	if n := d.Counters(); n.UnknownClients != 1 || n.BadAuthenticators != 1 || n.Malformed != 1 || n.UnknownTypes != 1 {
		t.Fatalf("%+v", n)
	}
}

// Whatever comes, the counters add up, and no request is processed twice while it
// could be a retransmission.
func TestDynamicCountersAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewDynamicServer(DynamicOptions{Max: rapid.IntRange(1, 8).Draw(t, "max")})
		now := epoch
		processed := map[[2]uint8]time.Time{}
		var open []Ticket
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "seconds")) * time.Second)
			if len(open) > 0 && rapid.Bool().Draw(t, "answer") {
				d.Answered(open[0], rapid.Bool().Draw(t, "ack"), 506, []byte{1})
				open = open[1:]
				continue
			}
			id, auth := uint8(rapid.IntRange(0, 3).Draw(t, "id")), uint8(rapid.IntRange(0, 1).Draw(t, "authenticator"))
			r := dynamicRequest(id)
			r.Authenticator[1] = auth
			r.Code = []DynamicCode{CoARequest, DisconnectRequest}[auth]
			r.HasTimestamp = rapid.Bool().Draw(t, "timestamp")
			r.Age = time.Duration(rapid.IntRange(-400, 400).Draw(t, "age")) * time.Second
			if v, ticket, _ := d.Handle(now, r); v == DynamicProcess {
				if at, ok := processed[[2]uint8{id, auth}]; ok && now.Sub(at) <= 30*time.Second {
					t.Fatalf("request %d/%d done at %v and again at %v", id, auth, at, now)
				}
				processed[[2]uint8{id, auth}] = now
				open = append(open, ticket)
			}
		}
		c := d.Counters()
		for _, n := range []DynamicCodeCounters{c.CoA, c.Disconnect} {
			if sum := n.Acks + n.Naks + n.Duplicates + n.Stale + n.Full + n.Unanswered + n.Pending; sum != n.Requests {
				t.Fatalf("%d requests, %d accounted for: %+v", n.Requests, sum, n)
			}
		}
	})
}
