// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
	"holdfast/radius"
)

// ask answers the engine's questions to RADIUS as a server would that knows alice
// only. What package aaa is told with a question is seen by the server.
func (w *world) ask(queries []lns.AuthQuery) {
	for _, q := range queries {
		w.note("ask %s about %s: %s %+v %+v", describeSet(q.Profile.Radius), q.User, q.Profile.Name, q.Profile.Requests, q.Profile.Ignore)
		w.note("accounted: %s", describeAccounting(q.Profile.Accounting))
		a := lns.AuthAnswer{Ref: q.Ref, Result: lns.AuthReject, Server: "radius"}
		if strings.HasPrefix(q.User, "alice") {
			a.Result, a.Granted = lns.AuthAccept, &policy.Attributes{}
		}
		w.engine.Authenticated(w.now, a, &w.fx)
		w.carry()
	}
}

// account takes the engine's records, and says at once that they are on disk.
func (w *world) account(records []lns.AccountRecord) {
	var refs []lns.AuthRef
	for _, r := range records {
		w.note("account %v %v %v %d %s", r.Kind, r.Subscriber.User, r.SessionTime, r.Terminate, describeAccounting(r.Profile.Accounting))
		if r.Kind == lns.AccountOpen {
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

func describeAccounting(a *lns.Accounting) string {
	if a == nil {
		return "no"
	}
	one := *a
	one.Set, one.Duplicate = nil, nil
	return fmt.Sprintf("%s %s %+v", describeSet(a.Set), describeSet(a.Duplicate), one)
}
