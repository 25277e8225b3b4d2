// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/api/holdfastv1"
)

// outage is how long FreeRADIUS is dead; make soak has it a minute.
var outage = flag.Duration("outage", 5*time.Second, "how long the server is dead in the tests of outages")

// anybody is a users file that lets everybody in.
const anybody = "DEFAULT\tCleartext-Password := \"password\"\n\tService-Type = Framed-User\n"

// die kills FreeRADIUS.
func (f *freeradius) die() {
	_ = f.command.Process.Kill() // it may have ended
	_ = f.command.Wait()         // it was killed
}

// FreeRADIUS is killed while many log in. Nobody is let in meanwhile, nobody has to
// do anything, and soon after it is back all are up and accounted, each once.
func TestRootOutageDuringLogins(t *testing.T) {
	t.Parallel()
	const n = 300
	w := newWorld(t)
	w.freeradius(anybody)
	w.configure()
	w.serve()
	c := w.crowd(n)
	c.wantUp(n/10, patience)
	w.server.die()
	<-time.After(time.Second) // what it has answered comes up
	before := c.up()
	<-time.After(*outage - time.Second)
	if late := c.up() - before; late > 0 {
		t.Errorf("%d have come up without a server", late)
	}
	back := time.Now()
	w.server.run()
	c.wantUp(n, 30*time.Second)
	t.Logf("dead for %v; all up %v after", *outage, time.Since(back).Round(time.Millisecond))
	c.hangUp()
	w.wantBooks(n, 30*time.Second)
}

// FreeRADIUS is killed, and then everybody hangs up. Each Stop waits on disk and is
// delivered when it is back, with the time when it happened.
func TestRootOutageDuringDisconnect(t *testing.T) {
	t.Parallel()
	const n = 300
	w := newWorld(t)
	w.freeradius(anybody)
	w.configure()
	w.serve()
	c := w.crowd(n)
	c.wantUp(n, 30*time.Second)
	within(t, patience, func() string {
		if starts := len(of(w.records(), "", "Start")); starts != n {
			return fmt.Sprintf("%d Starts", starts)
		}
		return ""
	})
	w.server.die()
	died := time.Now()
	c.hangUp()
	within(t, patience, func() string {
		list := whole[holdfastv1.PendingStopsList](w, "show", "network-access", "aaa", "statistics", "pending-accounting-stops")
		if len(list.Profiles) != 1 || list.Profiles[0].Stops != n {
			return fmt.Sprintf("%d Stops are to wait: %v", n, list)
		}
		return ""
	})
	<-time.After(time.Until(died.Add(*outage)))
	back := time.Now()
	w.server.run()
	w.wantBooks(n, 20*time.Second)
	t.Logf("dead for %v; the books were complete %v after", *outage, time.Since(back).Round(time.Millisecond))
	for _, r := range of(w.records(), "", "Stop") {
		happened := time.Unix(int64(unixOf(r)), 0)
		if delay := time.Duration(r.number("Acct-Delay-Time")) * time.Second; happened.Sub(died) > 3*time.Second || delay < *outage-3*time.Second {
			t.Fatalf("a Stop of %v with a delay of %v: %v", happened, delay, r.all)
		}
	}
}

// The disk of the spool is full while many log in and out. They are served all the
// same, and when there is room again nothing is missing from the books.
func TestRootSpoolDiskFull(t *testing.T) {
	t.Parallel()
	const n = 200
	w := newWorld(t)
	disk := filepath.Join(w.dir, "disk")
	check(t, os.Mkdir(disk, 0o700))
	check(t, syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"))
	t.Cleanup(func() { check(t, syscall.Unmount(disk, syscall.MNT_DETACH)) })
	w.freeradius(anybody)
	w.configure("SPOOL", filepath.Join(disk, "spool.db"), "durable-wait 10000", "durable-wait 100")
	w.serve()
	filler, err := os.Create(filepath.Join(disk, "filler"))
	check(t, err)
	defer filler.Close()
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	c := w.crowd(n)
	c.wantUp(n, 30*time.Second)
	w.wantLogged("ACCOUNTING_SPOOL_FAILED")
	c.hangUp()
	check(t, os.Remove(filler.Name()))
	check(t, filler.Truncate(0))
	w.wantLogged("ACCOUNTING_SPOOL_WORKS")
	w.wantBooks(n, 20*time.Second)
}

func (w *world) wantLogged(event string) {
	w.t.Helper()
	eventually(w.t, func() string {
		if !w.daemon.logged(event) {
			return "no " + event + " in the log"
		}
		return ""
	})
}

// wantBooks waits until so many sessions at least have a Start and a Stop, and wants
// none to have more or fewer, none twice, and each in order.
func (w *world) wantBooks(sessions int, limit time.Duration) {
	w.t.Helper()
	within(w.t, limit, func() string {
		return balance(w.records(), sessions)
	})
}

// balance says what is wrong with the books; empty: nothing.
func balance(list []record, sessions int) string {
	order := map[string]string{}
	for _, r := range list {
		if status := r.one("Acct-Status-Type"); status == "Start" || status == "Stop" {
			order[r.one("Acct-Session-Id")] += status + " "
		}
	}
	for id, have := range order {
		if have != "Start Stop " {
			return fmt.Sprintf("session %s: %s", id, have)
		}
	}
	if len(order) < sessions {
		return fmt.Sprintf("%d sessions, want %d", len(order), sessions)
	}
	return ""
}

// unixOf is the Event-Timestamp of a record.
func unixOf(r record) int64 {
	at, err := time.ParseInLocation("Jan _2 2006 15:04:05 MST", r.one("Event-Timestamp"), time.Local)
	if err != nil {
		return 0
	}
	return at.Unix()
}
