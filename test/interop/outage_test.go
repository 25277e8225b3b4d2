// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

const outage = 35 // seconds: longer than pppd's patience of 3 echoes in 30 s

// Twenty sessions in five tunnels of the small LAC lose their link for 35 s and
// come back, each as the same session or redialled, none lost; the LNS lets a
// user in again while his old session still seems up.
func testOutage(t *testing.T, n *lns, g *guest) {
	const tunnels, perTunnel = 5, 4
	var pids []int
	var names []string
	for i := range tunnels {
		address := fmt.Sprintf("192.0.2.%d", 10+i)
		g.must("ip", "addr", "add", address+"/24", "dev", "vec0")
		argv := []string{"lac", "-lns", patient, "-addr", address, "-secret", "tunnelsecret"}
		for j := range perTunnel {
			name := fmt.Sprintf("s%d-%d", i, j)
			g.options(dial{name: name, user: "many@example", password: "many"})
			argv, names = append(argv, name), append(names, name)
		}
		pids = append(pids, g.start(fmt.Sprintf("lac-%d", i), argv...))
	}
	if !g.wait(60, len(names), "/run/state/s*.up", "IPLOCAL") {
		t.Fatalf("not all of %d sessions came up in a minute", len(names))
	}
	n.wantUp(tunnels, len(names))
	g.wantAnswers(30, names)

	g.linkDown(outage)
	// pppd looks at its count of lost echoes when the next one is due, so a link may
	// work again and then be given up: what counts is that all answer an echo interval later.
	g.wantAnswers(90, names)
	g.pause(12)
	g.wantAnswers(60, names)
	n.wantUpWithin(90*time.Second, tunnels, len(names))

	for _, pid := range pids {
		g.signal(pid, syscall.SIGTERM)
	}
	if !g.waitGone(30, "/run/ppp[0-9]*.pid") {
		t.Error("not every pppd has ended")
	}
	n.wantNothingLeftWithin(40 * time.Second)
}

// Five xl2tpd, each with a tunnel from the same address and a port of its own,
// lose their link and redial by themselves.
func testXl2tpdOutage(t *testing.T, n *lns, g *guest) {
	var clients []*client
	var names []string
	for i := range 5 {
		name := fmt.Sprintf("x%d", i)
		clients = append(clients, g.dial(dial{name: name, port: 20000 + i, user: "many@example", password: "many", lac: "lac-secret",
			secret: "tunnelsecret", gateway: patient, redial: true}))
		names = append(names, name)
	}
	for _, c := range clients {
		c.wantUp("before the outage")
	}
	n.wantUp(len(clients), len(clients))
	g.linkDown(outage)
	g.wantAnswers(90, names)
	g.pause(12) // an echo interval of pppd: what it still gives up is dialled again
	g.wantAnswers(60, names)
	for _, c := range clients {
		c.hangUp("l2tp")
	}
	n.wantNothingLeftWithin(70 * time.Second)
}

// linkDown takes the guest's link away for a while.
func (g *guest) linkDown(seconds int) {
	g.t.Helper()
	g.must("ip", "link", "set", "vec0", "down")
	g.pause(seconds)
	g.must("ip", "link", "set", "vec0", "up")
	g.must("ip", "route", "replace", "default", "via", underlayGateway, "metric", "1000")
}

// wantAnswers waits until a ping through each of the links is answered in the same round.
func (g *guest) wantAnswers(seconds int, names []string) {
	g.t.Helper()
	script := fmt.Sprintf(`end=$(($(date +%%s) + %d))
while :; do
	silent=''
	rm -f /run/answered.*
	for n in %s; do
		(. /run/state/$n.up && ping -n -q -I $IFNAME -c 1 -W 2 %s && : >/run/answered.$n) >/dev/null 2>&1 &
	done
	wait
	for n in %s; do [ -e /run/answered.$n ] || silent="$silent $n"; done
	[ -z "$silent" ] && exit 0
	[ $(date +%%s) -lt $end ] || { echo silent:$silent; exit 1; }
	sleep 1
done`, seconds, strings.Join(names, " "), ipcpAddress, strings.Join(names, " "))
	if out, ok := g.runFor(seconds+30, "bash", "-c", script); !ok {
		g.t.Fatalf("within %d s: %s", seconds, out)
	}
}
