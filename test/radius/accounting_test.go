// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"holdfast/l2tp"
)

// booked is a session that is accounted.
type booked struct {
	user     string
	m        *modem
	up, down uint64 // octets of IP that were sent, and packets
	n        uint64
}

// What FreeRADIUS has written of a session is what was sent, to the octet, in both
// families; in order; with the address, Class and the reason why it ended.
func TestRootAccounting(t *testing.T) {
	w := newWorld(t)
	ends := []struct {
		user, cause string
		end         func(m *modem)
	}{
		{"hangs-up", "User-Request", (*modem).hangUp},
		{"cleared-by-lac", "NAS-Request", (*modem).clear},
		{"cleared-by-us", "Admin-Reset", func(m *modem) {
			w.command("clear", "network-access", "aaa", "subscriber", "username", m.login.Name)
		}},
		{"disconnected", "Admin-Reset", func(m *modem) {
			w.radclient(w.lns, "127.0.0.1:3799", "disconnect", "testing123", `User-Name = "disconnected"`)
		}},
		{"replaced", "Port-Preempted", func(m *modem) {
			if again := m.lac.dial(dialling{user: "replaced", calling: "replaced", ipv6: true}); !again.isUp() {
				t.Error("a line that dials again is not let in")
			}
		}},
		{"tunnel-down", "Lost-Carrier", func(m *modem) {
			m.lac.mu.Lock()
			defer m.lac.mu.Unlock()
			now := time.Now()
			m.lac.endpoint.CloseTunnel(now, m.lac.tunnel, l2tp.Result{Code: 1}, &m.lac.fx)
			m.lac.carryOut(now)
		}},
		{"shut-down", "Admin-Reboot", func(*modem) { w.daemon.stop(syscall.SIGTERM) }},
	}
	var list []string
	for _, e := range ends {
		list = append(list, e.user, `Class = "`+e.user+`"`)
	}
	w.freeradius(users(list...))
	w.configure()
	w.serve()
	l, other := newLAC(t, w.lac, "192.0.2.11", gateway), newLAC(t, w.lac, "192.0.2.12", gateway)
	var all []*booked
	for i, e := range ends {
		through := l
		if e.user == "shut-down" { // after the tunnel of the others is down
			through = other
		}
		b := &booked{user: e.user, m: through.dial(dialling{user: e.user, calling: e.user, ipv6: true})}
		if !b.m.isUp() {
			t.Fatalf("%s does not log in", e.user)
		}
		b.send(w, uint64(10+i), 200+17*i)
		all = append(all, b)
	}
	for i, e := range ends {
		b := all[i]
		address := b.m.address()
		e.end(b.m)
		if !b.m.isDown() {
			t.Fatalf("%s goes on", e.user)
		}
		t.Run(e.user, func(t *testing.T) { b.check(t, w, address, e.cause) })
	}
	records := w.records()
	if first, last := records[0], records[len(records)-1]; first.one("Acct-Status-Type") != "Accounting-On" || last.one("Acct-Status-Type") != "Accounting-Off" {
		t.Errorf("it begins with %v and ends with %v", first.all, last.all)
	}
}

// send sends n packets of each family each way, and waits until they have come.
func (b *booked) send(w *world, n uint64, size int) {
	w.t.Helper()
	four := b.m.address()
	six := b.m.advertised().prefix.Addr().Next()
	b.m.send(four, inside, int(n), size)
	b.m.send(six, inside6, int(n), size)
	w.sink[0].send(w.t, four, int(n), size)
	w.sink[1].send(w.t, six, int(n), size)
	b.n, b.up, b.down = 2*n, 2*n*uint64(size), 2*n*uint64(size)
	eventually(w.t, func() string {
		up := w.sink[0].from(four) + w.sink[1].from(six)
		if _, down := b.m.received(); uint64(up) != b.up || uint64(down) != b.down {
			return fmt.Sprintf("%s: %d octets have come up, %d down, want %d and %d", b.user, up, down, b.up, b.down)
		}
		return ""
	})
}

func (b *booked) check(t *testing.T, w *world, address netip.Addr, cause string) {
	var mine []record
	stop := w.wantRecords(b.user, "Stop", 1)[0]
	for _, r := range of(w.records(), b.user, "") {
		if r.one("Acct-Session-Id") == stop.one("Acct-Session-Id") {
			mine = append(mine, r)
		}
	}
	var order []string
	for _, r := range mine {
		order = append(order, r.one("Acct-Status-Type"))
		if r.one("Class") != fmt.Sprintf("%#x", b.user) || r.one("Framed-IP-Address") != address.String() || r.one("Event-Timestamp") == "" {
			t.Errorf("%v", r.all)
		}
	}
	if b.user != "shut-down" && !slices.Equal(order, []string{"Start", "Interim-Update", "Stop"}) {
		t.Errorf("order %v", order)
	}
	got := [4]uint64{stop.octets("Input"), stop.octets("Output"), stop.number("Acct-Input-Packets"), stop.number("Acct-Output-Packets")}
	if want := [4]uint64{b.up, b.down, b.n, b.n}; got != want {
		t.Errorf("octets and packets %v, want %v", got, want)
	}
	for _, name := range []string{"Acct-Input-Gigawords", "Acct-Output-Gigawords"} {
		if stop.one(name) != "0" {
			t.Errorf("%s %q", name, stop.one(name))
		}
	}
	if c := stop.one("Acct-Terminate-Cause"); c != cause {
		t.Errorf("Acct-Terminate-Cause %s, want %s", c, cause)
	}
}
