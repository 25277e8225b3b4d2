// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/api/holdfastv1"
)

// What FreeRADIUS knows of a session it can name it by, each attribute alone: the
// values are those of its accounting.
func TestRootDynamicIdentification(t *testing.T) {
	w, target, _ := dynamicWorld(t)
	start := w.wantRecords("target", "Start", 1)[0]
	for i, name := range []string{
		"Acct-Session-Id", "User-Name", "Framed-IP-Address", "Framed-IPv6-Prefix", "Framed-Interface-Id",
		"Calling-Station-Id", "NAS-Port", "NAS-Port-Id", "Chargeable-User-Identity",
	} {
		t.Run(name, func(t *testing.T) {
			value := start.one(name)
			if value == "" {
				t.Fatalf("the Start has none: %v", start.all)
			}
			attribute := fmt.Sprintf("%s = %s", name, value)
			if !strings.ContainsAny(value, ":/") && !strings.HasPrefix(value, "0x") || name == "NAS-Port-Id" {
				attribute = fmt.Sprintf("%s = %q", name, value)
			}
			w.wantAnswer(t, "coa", fmt.Sprintf("%s\nSession-Timeout = %d", attribute, 1000*(i+1)), "CoA-ACK", "")
			if left := w.subscriber("target").Grant.SessionSecondsLeft; left == 0 || int(left) > 1000*(i+1) || int(left) < 1000*(i+1)-20 {
				t.Errorf("%d s are left", left)
			}
			// All that is given must agree.
			w.wantAnswer(t, "coa", attribute+"\nFramed-IP-Address += 192.0.2.200\nSession-Timeout = 10", "CoA-NAK", "Session-Context-Not-Found")
		})
	}
	w.wantAnswer(t, "disconnect", fmt.Sprintf("Acct-Session-Id = %q", start.one("Acct-Session-Id")), "Disconnect-ACK", "")
	if !target.isDown() {
		t.Error("the session goes on")
	}
	w.wantAnswer(t, "disconnect", fmt.Sprintf("Acct-Session-Id = %q", start.one("Acct-Session-Id")), "Disconnect-NAK", "Session-Context-Not-Found")
}

// What a CoA changes is changed in place: the link does not notice.
func TestRootChangeInPlace(t *testing.T) {
	w, target, _ := dynamicWorld(t)
	g := granted{t, w, target, w.subscriber("target")}
	change := func(attributes string) {
		t.Helper()
		w.wantAnswer(t, "coa", "User-Name = \"target\"\n"+attributes, "CoA-ACK", "")
		g.row = w.subscriber("target")
	}
	address := target.address()

	change(`Mikrotik-Rate-Limit = "160k/320k"`)
	g.wantRates(160_000, 320_000)
	change("Idle-Timeout = 3000\nAcct-Interim-Interval = 700")
	g.want("idle timeout", g.row.Grant.IdleTimeoutSeconds, uint32(3000))
	g.want("interim interval", g.row.Grant.InterimIntervalSeconds, uint32(700))
	change(`Class = "silver"`)
	eventually(t, func() string { // coa-immediate-update
		list := of(w.records(), "target", "Interim-Update")
		if len(list) > 0 && list[len(list)-1].one("Class") == fmt.Sprintf("%#x", "silver") {
			return ""
		}
		return "no interim update has the new Class"
	})
	change(`Framed-Route = "10.6.0.0/24 0.0.0.0"`)
	g.wantRoute("10.6.0.0/24")
	g.wantForwardedSlowly("10.6.0.1")
	g.want("address", target.address(), address)
	if target.over() {
		t.Fatal("the link has ended")
	}
	change("Session-Timeout = 1")
	began := time.Now()
	if !target.isDown() || time.Since(began) > 3*time.Second {
		t.Errorf("Session-Timeout: over %v after %v", target.over(), time.Since(began))
	}
	stop := w.wantRecords("target", "Stop", 1)[0]
	g.want("Acct-Terminate-Cause", stop.one("Acct-Terminate-Cause"), "Session-Timeout")
}

// wantForwardedSlowly is wantForwarded for a subscriber whose policers have nothing
// left: until the packet passes.
func (g granted) wantForwardedSlowly(address string) {
	g.Helper()
	<-time.After(time.Second) // 20,000 octets' worth at 160 kbit/s
	g.wantForwarded(address)
}

// What cannot be done is refused with the cause that RFC 5176 has for it, and who
// must not ask gets no answer.
func TestRootErrorCauses(t *testing.T) {
	w, target, other := dynamicWorld(t)
	for _, c := range []struct{ attributes, cause string }{
		{"Session-Timeout = 5", "Missing-Attribute"},
		{"User-Name = \"target\"\nNAS-Identifier = \"another\"\nSession-Timeout = 5", "NAS-Identification-Mismatch"},
		{"User-Name = \"target\"\nNAS-IP-Address = 192.0.2.99\nSession-Timeout = 5", "NAS-Identification-Mismatch"},
		{"User-Name = \"nobody\"\nSession-Timeout = 5", "Session-Context-Not-Found"},
		{"Acct-Session-Id = \"1\"\nSession-Timeout = 5", "Session-Context-Not-Found"},
		{"Called-Station-Id = \"0800\"\nSession-Timeout = 5", "Multiple-Session-Selection-Unsupported"},
		{"User-Name = \"target\"\nFilter-Id = \"gold\"", "Unsupported-Attribute"},
		{"User-Name = \"target\"\nFramed-Pool = \"pool-b\"", "Unsupported-Attribute"},
		{"User-Name = \"target\"\nLogin-LAT-Service = \"what\"", "Unsupported-Attribute"},
		{"User-Name = \"target\"\nService-Type = Authorize-Only", "Unsupported-Service"},
		{"User-Name = \"target\"\nMikrotik-Rate-Limit = \"fast\"", "Invalid-Attribute-Value"},
		{"User-Name = \"target\"\nFramed-MTU = 10", "Invalid-Attribute-Value"},
	} {
		w.wantAnswer(t, "coa", c.attributes, "CoA-NAK", c.cause)
	}
	w.wantAnswer(t, "disconnect", "Called-Station-Id = \"0800\"", "Disconnect-NAK", "Multiple-Session-Selection-Unsupported")
	w.wantAnswer(t, "disconnect", "NAS-Identifier = \"lns1\"", "Disconnect-NAK", "Missing-Attribute")
	silence := func(what, out string) {
		t.Helper()
		if strings.Contains(out, "ACK") || strings.Contains(out, "NAK") {
			t.Errorf("%s is answered: %s", what, out)
		}
	}
	silence("a wrong secret", w.radclient(w.lns, "127.0.0.1:3799", "disconnect", "wrong", `User-Name = "target"`))
	silence("a stranger", w.radclient(w.core, "203.0.113.1:3799", "disconnect", "testing123", `User-Name = "target"`))
	old := "User-Name = \"target\"\nEvent-Timestamp = \"Jan 1 2020 00:00:00 UTC\""
	silence("an old request", w.radclient(w.lns, "127.0.0.1:3799", "disconnect", "testing123", old))
	if target.over() || other.over() {
		t.Error("a session was ended by what was refused")
	}
	s := whole[holdfastv1.DynamicStatistics](w, "show", "network-access", "aaa", "statistics", "dynamic-requests", "detail")
	if s.Errors != 14 || s.Processed != 0 || s.Dropped == 0 {
		t.Errorf("statistics %v", s)
	}
}

// dynamicWorld has two sessions of which "target" has all that a session can have.
func dynamicWorld(t *testing.T) (w *world, target, other *modem) {
	t.Helper()
	w = newWorld(t)
	w.freeradius(users("target", `Framed-IP-Address = 100.64.7.7,
		Framed-IPv6-Prefix = 2001:db8:7:7::/64,
		Framed-Interface-Id = 0:0:7:7,
		Chargeable-User-Identity = "cui-7",
		Class = "gold"`, "other", ""))
	w.configure()
	w.serve()
	l := newLAC(t, w.lac, "192.0.2.11", gateway)
	target, other = l.dial(dialling{user: "target", calling: "line7", ipv6: true}), l.dial(dialling{user: "other", calling: "line8", ipv6: true})
	if !target.isUp() || !other.isUp() {
		t.Fatal("no log-in")
	}
	return w, target, other
}

// wantAnswer sends a request with radclient from beside the LNS and wants an answer.
func (w *world) wantAnswer(t *testing.T, kind, attributes, code, cause string) {
	t.Helper()
	out := w.radclient(w.lns, "127.0.0.1:3799", kind, "testing123", attributes)
	if !strings.Contains(out, "Received "+code) || cause != "" && !strings.Contains(out, "Error-Cause = "+cause) {
		t.Errorf("%s %q, want %s %s:\n%s", kind, attributes, code, cause, out)
	}
}
