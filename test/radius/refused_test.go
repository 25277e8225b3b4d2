// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"strings"
	"testing"

	"holdfast/internal/api/holdfastv1"
)

// refused is what FreeRADIUS says of users who cannot have it, and the terminate
// reason that this is counted under.
var refused = []struct {
	user       string
	attributes string
	reason     string
}{
	{"nowhere", `ERX-Virtual-Router-Name = "default:nowhere"`, "deny-routing-instance-unknown"},
	{"no-pool", `Framed-Pool = "not there"`, "deny-address-pool-unknown"},
	{"no-pool-ipv6", `Framed-IPv6-Pool = "pool-b"`, "deny-address-pool-unknown"},
	{"ours", "Framed-IP-Address = 198.51.100.1", "deny-attribute-unusable"},
	{"long-prefix", "Framed-IPv6-Prefix = 2001:db8:7::/72", "deny-attribute-unusable"},
	{"far", `Framed-Route = "10.1.0.0/24 192.0.2.99 1"`, "deny-attribute-unusable"},
	{"small", "Framed-MTU = 10", "deny-attribute-unusable"},
	{"gibberish", `Framed-Route = "to the left"`, "deny-attribute-unusable"},
	{"login", "Service-Type = Login-User", "deny-attribute-unusable"},
	{"rates", `Mikrotik-Rate-Limit = "fast"`, "deny-attribute-unusable"},
	{"filtered@strict.example", `Filter-Id = "gold-in"`, "deny-filter-unknown"},
}

// Who is granted what cannot be had is turned away for a reason; nothing of it
// stays behind.
func TestRootRefused(t *testing.T) {
	w := newWorld(t)
	list := []string{
		"holder", "Framed-IP-Address = 100.64.7.7,\nFramed-Route = \"10.9.0.0/24 0.0.0.0\"", "same-address", "Framed-IP-Address = 100.64.7.7",
		"same-route", `Framed-Route = "10.9.0.0/24 0.0.0.0"`, "one-port", "Port-Limit = 1", "fits", "",
	}
	for i := range refused {
		list = append(list, refused[i].user, refused[i].attributes)
	}
	w.freeradius(users(list...))
	w.configure()
	w.serve()
	l := newLAC(t, w.lac, "192.0.2.11", gateway)
	wantRefused := func(t *testing.T, user, reason string) {
		t.Helper()
		before := w.ended(reason)
		m := l.dial(dialling{user: user, ipv6: true})
		if m.isUp() {
			t.Fatalf("%s is let in", user)
		}
		if n := w.ended(reason) - before; n != 1 {
			t.Errorf("%d sessions have ended for %q:\n%s", n, reason, w.command("show", "network-access", "aaa", "statistics", "terminate-code"))
		}
	}
	for i := range refused {
		t.Run(refused[i].user, func(t *testing.T) { wantRefused(t, refused[i].user, refused[i].reason) })
	}
	holder := l.dial(dialling{user: "holder"})
	first := l.dial(dialling{user: "one-port"})
	if !holder.isUp() || !first.isUp() {
		t.Fatal("who may is not let in")
	}
	t.Run("address in use", func(t *testing.T) { wantRefused(t, "same-address", "deny-address-in-use") })
	t.Run("route in use", func(t *testing.T) { wantRefused(t, "same-route", "deny-route-in-use") })
	t.Run("Port-Limit", func(t *testing.T) { wantRefused(t, "one-port", "deny-session-limit-exceeded") })
	first.hangUp()
	if again := l.dial(dialling{user: "one-port"}); !again.isUp() {
		t.Error("Port-Limit: not let in when the first session is over")
	}
	holder.hangUp()
	if next := l.dial(dialling{user: "same-address"}); !next.isUp() {
		t.Error("the address is not free when its holder is gone")
	}
	if strings.Contains(w.routes(), "10.9.0.0/24") {
		t.Error("the route of a session that is over is still there")
	}
}

// ended is how many sessions have ended for a reason.
func (w *world) ended(reason string) (n uint64) {
	w.t.Helper()
	for _, c := range rows[holdfastv1.NamedTotal](w, "show", "network-access", "aaa", "statistics", "terminate-code") {
		if strings.Contains(c.Name, reason) {
			n += c.Count
		}
	}
	return n
}
