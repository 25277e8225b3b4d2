// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
	"holdfast/ppp"
	"holdfast/ppp/wire"
	"holdfast/radius"
)

// ask answers the engine's questions to RADIUS as a server would that knows alice
// only. What package aaa reads of the profile is seen by the server.
func (w *world) ask(queries []lns.AuthQuery) {
	for _, q := range queries {
		p := q.Profile
		w.note("ask %s about %s: %s %+v %v", describeSet(p.Radius), q.User, p.Name, p.Requests, p.Ignore.Vendor)
		a := lns.AuthAnswer{Ref: q.Ref, Result: lns.AuthReject, Server: "radius"}
		if strings.HasPrefix(q.User, "alice") {
			a.Result, a.Granted = lns.AuthAccept, grant()
			a.Granted.OwnAddress = w.chooses
		}
		w.engine.Authenticated(w.now, a, &w.fx)
		w.carry()
	}
}

// grant has everything that a profile can ignore.
func grant() *policy.Attributes {
	return &policy.Attributes{
		Netmask: netip.MustParseAddr("255.255.255.0"), Filters: []string{"f"}, FiltersIn: []string{"in"}, FiltersOut: []string{"out"},
		Instance: "default", SessionTimeout: 2 * time.Hour, HasSessionTimeout: true, IdleTimeout: time.Hour, HasIdleTimeout: true,
	}
}

// account takes the engine's records, and says at once that they are on disk
// unless the disk is slow. What package aaa reads of the profile is seen by the
// server.
func (w *world) account(records []lns.AccountRecord) {
	var refs []lns.AuthRef
	for _, r := range records {
		books := r.Profile.Accounting
		w.note("account %v %s %v %d: %+v", r.Kind, r.Subscriber.User, r.SessionTime, r.Terminate, r.Subscriber.Granted)
		w.note("by %s and %s, %v %v", describeSet(books.Set), describeSet(books.Duplicate), books.TimeOnly, books.WaitForOnAck)
		if r.Kind == lns.AccountOpen && !w.slowDisk {
			refs = append(refs, r.Ref)
		}
	}
	if len(refs) > 0 {
		w.engine.Durable(w.now, refs, &w.fx)
		w.carry()
	}
}

// describeSet is a set of servers with all that is configured of them.
func describeSet(set *radius.Set) string {
	if set == nil {
		return "nobody"
	}
	out := fmt.Sprint(set.Name, " ", set.Algorithm)
	for _, s := range set.Servers {
		one, tls := *s, radius.TLS{}
		if s.TLS != nil {
			one.TLS, tls = nil, *s.TLS
		}
		out += fmt.Sprintf(" %+v %+v", one, tls)
	}
	return out
}

// slowDisk: nobody says that a record is on disk.
func slowDisk(w *world) {
	w.slowDisk = true
	id := w.tunnel()
	w.login(id, "alice")
	w.advance(time.Second)
	w.look()
}

// changing: a server changes the rate of a session that is up.
func changing(w *world) {
	id := w.tunnel()
	w.login(id, "alice")
	find := &lns.Request{Kind: lns.FindSessions, Match: &lns.Match{User: "alice"}, Limit: 10}
	w.engine.Request(w.now, find, &w.fx)
	w.carry()
	for _, t := range find.Found {
		change := lns.Change{Target: t, Attributes: &policy.Attributes{Up: policy.Rate{Bits: 1e6}}}
		w.engine.Request(w.now, &lns.Request{Kind: lns.ChangeSession, Change: &change}, &w.fx)
		w.carry()
		w.note("changed: %d", change.Error)
	}
	w.look()
}

// choosing: a subscriber who may choose his address does so a while after he is
// on line by IPv6.
func choosing(w *world) {
	w.chooses = true
	id := w.tunnel()
	began := w.now
	late := w.dial(id, "alice", "alice-secret")
	late.rewrite = func(frame []byte) []byte {
		if protocol, _, _ := ppp.ParseFrame(frame); protocol == ppp.ProtoIPCP && w.now.Sub(began) < 5*time.Second {
			return nil
		}
		return rewritten(func([]byte) []byte {
			return wire.AppendOption(nil, wire.OptionIPAddress, 203, 0, 113, 77)
		})(frame)
	}
	w.advance(20 * time.Second)
	w.look()
}
