// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"holdfast/internal/admission"
	"holdfast/internal/api"
	"holdfast/internal/api/apitest"
	"holdfast/internal/lns"
)

var update = flag.Bool("update", false, "rewrite goldens and the page of the manual")

// The scripts in testdata are what an operator types and sees, against a daemon
// in memory and through a real socket. Their commands:
//
//	daemon SHARDS LACS TUNNELS SESSIONS   starts the daemon; the counts are per one of the word before
//	holdfast WORDS...                     as in a shell; times are shown as <time>
//	state, destination, interface, drain, end, surge, alarm, silence, without-radius,
//	aggregate, flow-detection, traffic, unguarded: change what the daemon shows, see below
//	layout FILE: what the last command has shown is FILE, but for numbers, times and blanks
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"daemon":      startDaemon,
			"holdfast":    holdfast,
			"state":       setState,
			"destination": setDestination,
			"interface":   setInterfaceCount,
			"drain":       setDrain,
			"end":         endSubscriber,
			"surge":       setSurge,
			"alarm":       setAlarm,

			"silence":        setSilence,
			"without-radius": setWithoutRADIUS,

			"aggregate":      setAggregate,
			"flow-detection": setFlowDetection,
			"traffic":        offerTraffic,
			"unguarded":      setUnguarded,
			"layout":         compareLayout,
		},
	})
}

// backends holds the daemon of each script by its socket: scripts run side by side.
var backends sync.Map

func socketOf(ts *testscript.TestScript) string { return filepath.Join(ts.Getenv("WORK"), "s") }

func startDaemon(ts *testscript.TestScript, _ bool, args []string) {
	n := make([]int, 4)
	for i := range n {
		n[i] = number(ts, args[i])
	}
	b := apitest.Sample(apitest.Size{Shards: n[0], LACs: n[1], TunnelsPerLAC: n[2], SessionsPerTunnel: n[3]}, time.Now())
	l, err := api.Listen(socketOf(ts))
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- api.New(b).Serve(ctx, l) }()
	ts.Defer(func() {
		stop()
		ts.Check(<-done)
	})
	backends.Store(socketOf(ts), b)
}

func backendOf(ts *testscript.TestScript) *apitest.Backend {
	b, ok := backends.Load(socketOf(ts))
	if !ok {
		ts.Fatalf("no daemon was started")
	}
	return b.(*apitest.Backend)
}

var times = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z0-9+-]+`)
var unixTimes = regexp.MustCompile(`Unix":"\d+"`)
var durations = regexp.MustCompile(`(Duration of violation: +)\d\d:\d\d:\d\d`) // shown as 00:00:00: it begins at any fraction of a second
var elapsed = regexp.MustCompile(`(Time +- )[0-9.]+ ms`)
var ownPID = regexp.MustCompile(fmt.Sprintf(`(?m)^ *%d\b`, os.Getpid()))
var goVersion = regexp.MustCompile(`go1\.[0-9.]+`)

func holdfast(ts *testscript.TestScript, neg bool, args []string) {
	var out, errOut bytes.Buffer
	code := Run(context.Background(), socketOf(ts), args, strings.NewReader(""), &out, &errOut)
	b := times.ReplaceAll(out.Bytes(), []byte("<time>"))
	b = unixTimes.ReplaceAll(b, []byte(`Unix":"<time>"`))
	b = durations.ReplaceAll(b, []byte("${1}00:00:00"))
	b = elapsed.ReplaceAll(b, []byte("${1}<elapsed>"))
	b = goVersion.ReplaceAll(b, []byte("<go>"))
	b = ownPID.ReplaceAll(b, []byte("<pid>"))
	_, err := ts.Stdout().Write(b)
	ts.Check(err)
	_, err = ts.Stderr().Write(bytes.ReplaceAll(errOut.Bytes(), []byte(ts.Getenv("WORK")), []byte("$WORK")))
	ts.Check(err)
	if neg != (code != exitOK) {
		ts.Fatalf("exit code %d: %s", code, errOut.String())
	}
}

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

// state STATE COUNT: so many subscribers are in this state, as the shards count.
func setState(ts *testscript.TestScript, _ bool, args []string) {
	states := map[string]lns.SubscriberState{
		"init": lns.StateInit, "configured": lns.StateConfigured, "active": lns.StateActive,
		"terminating": lns.StateTerminating, "terminated": lns.StateTerminated,
	}
	for i, s := range backendOf(ts).List {
		s.Summary.States[states[args[0]]] = share(number(ts, args[1]), i, len(backendOf(ts).List))
	}
}

// share is shard i's part of n.
func share(n, i, shards int) int { return n*(i+1)/shards - n*i/shards }

// destination ADDRESS TUNNELS SESSIONS: a LAC address with so many.
func setDestination(ts *testscript.TestScript, _ bool, args []string) {
	list := backendOf(ts).List
	for i, s := range list {
		s.Destinations = append(s.Destinations, lns.DestinationRow{
			LocalName: strconv.Itoa(len(s.Destinations) + 1), Peer: netip.MustParseAddr(args[0]), Gateway: netip.MustParseAddr("192.0.2.1"),
			Tunnels: share(number(ts, args[1]), i, len(list)), Sessions: share(number(ts, args[2]), i, len(list)), State: "Enabled",
		})
	}
}

// interface NAME COUNT: so many subscribers are on a service interface.
func setInterfaceCount(ts *testscript.TestScript, _ bool, args []string) {
	list := backendOf(ts).List
	for i, s := range list {
		s.Summary.Interfaces[args[0]] = share(number(ts, args[1]), i, len(list))
	}
}

// drain: the LNS takes nothing new.
func setDrain(ts *testscript.TestScript, _ bool, _ []string) {
	for _, s := range backendOf(ts).List {
		s.Summary.Draining = true
	}
}

// end: the first subscriber of the first shard has timed out.
func endSubscriber(ts *testscript.TestScript, _ bool, _ []string) {
	backendOf(ts).List[0].End(0, lns.CauseKeepalive)
}

// surge: the first shard has more calls than slots, waits for RADIUS, and has met
// another dozen LACs.
func setSurge(ts *testscript.TestScript, _ bool, _ []string) {
	a := &backendOf(ts).List[0].Admission
	a.InSetUp, a.Parked, a.OldestWait, a.Gated = 64, 1200, 2300*time.Millisecond, true
	a.RADIUSInFlight, a.RADIUSQueued = 16, 48
	a.Counters.Superseded, a.Counters.Crowded, a.Counters.Failed, a.Counters.WithdrawnLate, a.Counters.LateInSetUp = 11, 12, 13, 14, 15
	for i := range 12 {
		a.LACs = append(a.LACs, admission.LACShare{Address: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), Parked: 100, Patience: 2 * time.Second})
	}
}

// alarm: log-ins of the first shard have been stalled for a minute.
func setAlarm(ts *testscript.TestScript, _ bool, _ []string) {
	a := &backendOf(ts).List[0].Admission
	a.Alarms = []lns.AlarmRow{{Alarm: lns.AlarmLogInsStalled, Age: time.Minute, Waiting: 7013}}
}

// silence: no RADIUS server answers.
func setSilence(ts *testscript.TestScript, _ bool, _ []string) { backendOf(ts).Exchange.Silent = true }

// without-radius: nobody is authenticated by RADIUS, nor accounted.
func setWithoutRADIUS(ts *testscript.TestScript, _ bool, _ []string) {
	backendOf(ts).Exchange, backendOf(ts).Books = &apitest.AAA{}, nil
}
