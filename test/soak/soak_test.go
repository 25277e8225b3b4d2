// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/daemon"
	"holdfast/internal/storm"
	"holdfast/internal/testenv"
)

var (
	kills = flag.Int("kills", 5, "how often the daemon is killed")
	seed  = flag.Uint64("seed", 0, "repeats the moments of an earlier run")
)

// asDaemon in the environment makes the test binary a daemon: configuration, API
// socket and port.
const asDaemon = "HOLDFAST_SOAK_DAEMON"

func TestMain(m *testing.M) {
	if words := strings.Fields(os.Getenv(asDaemon)); len(words) == 3 {
		ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer restore()
		port, err := strconv.ParseUint(words[2], 10, 16)
		if err == nil {
			err = daemon.Serve(ctx, daemon.Options{ConfigFile: words[0], Socket: words[1], Version: "soak", Port: uint16(port)})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const configuration = `
system {
    host-name lns1;
    processes holdfast {
        shards 2;
        forwarding-plane type none;
        spool-file SPOOL;
    }
}
interfaces {
    lo0 unit 0 family inet address 198.51.100.1/32;
    si-1/0/0;
}
access {
    radius-server 127.0.0.1 {
        port AUTHENTICATION;
        accounting-port ACCOUNTING;
        secret SECRET;
        timeout 1;
        retry 3;
    }
    profile lacs client default user-group-profile subscribers;
    profile all {
        authentication-order radius;
        accounting {
            order radius;
            immediate-update;
            durable-wait 10000;
        }
    }
    group-profile subscribers ppp framed-pool pool-v4;
    address-assignment pool pool-v4 family inet network 100.64.0.0/16;
}
services l2tp tunnel-group north {
    l2tp-access-profile lacs;
    aaa-access-profile all;
    local-gateway address 127.0.0.1;
    service-interface si-1/0/0;
    dynamic-profile lns-session;
}
dynamic-profiles lns-session interfaces "$junos-interface-ifd-name" unit "$junos-interface-unit" {
    ppp-options { chap; pap; }
    family inet unnumbered-address "$junos-loopback-interface";
}
`

// secret is that of the clients in examples/freeradius.
const secret = "testing123"

// sessions are those that dial in each life.
const sessions = 200

// rig is a RADIUS server, and a daemon that lives several times.
type rig struct {
	t       *testing.T
	dir     string
	port    uint16
	server  server
	log     strings.Builder
	logging sync.Mutex
}

func newRig(t *testing.T, with server) *rig {
	r := &rig{t: t, dir: t.TempDir(), server: with, port: freePort(t)}
	authentication, accounting := with.ports()
	text := strings.NewReplacer(
		"SPOOL", filepath.Join(r.dir, "spool.db"), "SECRET", secret,
		"AUTHENTICATION", strconv.Itoa(int(authentication)), "ACCOUNTING", strconv.Itoa(int(accounting)),
	).Replace(configuration)
	if err := os.WriteFile(r.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) config() string { return filepath.Join(r.dir, "holdfast.conf") }

// start runs a daemon and waits until it says that it is ready.
func (r *rig) start() *exec.Cmd {
	r.t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", asDaemon, r.config(), filepath.Join(r.dir, "api.sock"), r.port))
	out, err := c.StderrPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r.note(lines.Text())
		if strings.Contains(lines.Text(), "DAEMON_READY") {
			go func() {
				for lines.Scan() {
					r.note(lines.Text())
				}
				_, _ = io.Copy(io.Discard, out)
			}()
			return c
		}
	}
	r.t.Fatalf("the daemon did not start: %v\n%s", c.Wait(), r.journal())
	return nil
}

func (r *rig) note(line string) {
	r.logging.Lock()
	defer r.logging.Unlock()
	r.log.WriteString(line + "\n")
}

func (r *rig) journal() string {
	r.logging.Lock()
	defer r.logging.Unlock()
	return r.log.String()
}

// What happens in a life.
const (
	lifeMax       = 1500 * time.Millisecond // it is killed at a random moment of these
	rate          = 400                     // calls a second
	churnInterval = 20 * time.Millisecond   // so often some sessions end
	churn         = 4                       // so many
)

// live has modems dial and hang up until a moment, kills the daemon, and says how
// many sessions came up in this life, as the modems have it.
func (r *rig) live(c *exec.Cmd, round int, moment time.Duration) (came uint64) {
	r.t.Helper()
	swarm, err := storm.Open(storm.Options{
		Plan: storm.Plan{
			LNS: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), r.port)}, Tunnels: 4, Sessions: sessions,
			User: fmt.Sprintf("round%d-%%d", round), Rate: rate, RedialDelay: 50 * time.Millisecond, HelloInterval: time.Second,
		},
		Sources: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	defer swarm.Close()
	ticks, end := time.NewTicker(churnInterval), time.After(moment)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			swarm.Kill(churn)
			continue
		case <-end:
		}
		parts, err := swarm.Snapshots()
		if err != nil {
			r.t.Fatal(err)
		}
		if err := c.Process.Kill(); err != nil {
			r.t.Fatal(err)
		}
		_ = c.Wait() // it was killed
		for i := range parts {
			came += parts[i].CallsUp
		}
		return came
	}
}

func TestAccountingSurvivesKills(t *testing.T) { survive(t, newMemory(t)) }

// The same with a server as operators have it: what counts is in its detail file.
func TestDetailFileAfterKills(t *testing.T) { survive(t, newFreeRADIUS(t)) }

// survive kills the daemon again and again. Whenever that is, every session that was
// up has its Start and its Stop in the end, in this order, and before the
// Accounting-On of a later life.
func survive(t *testing.T, with server) {
	testenv.Long(t)
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	r := newRig(t, with)
	came := make(map[int]uint64)
	for round := range *kills {
		came[round] = r.live(r.start(), round, time.Duration(random.Int64N(int64(lifeMax))))
	}
	before := len(r.server.records())
	c := r.start()
	// Accounting-On comes when everything of earlier lives has been acknowledged.
	deadline := time.Now().Add(time.Minute)
	for !isOn(r.server.records()[before:]) && time.Now().Before(deadline) {
		r.server.await(len(r.server.records())+1, time.Second)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("the daemon ended with %v\n%s", err, r.journal())
	}
	r.check(came)
}

// isOn reports whether there is an Accounting-On.
func isOn(list []record) bool {
	return slices.ContainsFunc(list, func(x record) bool { return x.status == statusOn })
}

// statusOn is an Acct-Status-Type, as FreeRADIUS has it in its dictionary.
const statusOn = "Accounting-On"

// story is what a server was told of a session.
type story struct {
	user                      string
	starts, stops             int
	started, stopped, interim int // places of the first; -1: none
}

// stories reads the records by session.
func stories(list []record) map[string]*story {
	all := make(map[string]*story)
	for i, x := range list {
		s := all[x.session]
		if s == nil {
			s = &story{user: x.user, started: -1, stopped: -1, interim: -1}
			all[x.session] = s
		}
		switch x.status {
		case "Start":
			if s.starts++; s.started < 0 {
				s.started = i
			}
		case "Stop":
			if s.stops++; s.stopped < 0 {
				s.stopped = i
			}
		case "Interim-Update":
			s.interim = i
		default:
			delete(all, x.session) // Accounting-On and -Off have ids of their own
		}
	}
	return all
}

// unfinished are the sessions without a Start or a Stop.
func unfinished(list []record) (ids []string) {
	for id, s := range stories(list) {
		if s.starts == 0 || s.stops == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r *rig) check(came map[int]uint64) {
	list := r.server.records()
	all := stories(list)
	if bad := unfinished(list); len(bad) > 0 {
		r.t.Errorf("%d of %d sessions have no Start or no Stop, such as %s", len(bad), len(all), bad[0])
	}
	byRound, total, again := make(map[int]uint64), uint64(0), 0
	for id, s := range all {
		if s.started > s.stopped || s.interim >= 0 && s.interim < s.started {
			r.t.Errorf("session %s: Start is record %d, an interim update %d, Stop %d", id, s.started, s.interim, s.stopped)
		}
		again += max(s.starts-1, 0) + max(s.stops-1, 0)
		var round int
		if _, err := fmt.Sscanf(s.user, "round%d-", &round); err == nil {
			byRound[round]++
		}
	}
	for round, n := range came {
		total += n
		if byRound[round] < n {
			r.t.Errorf("life %d: %d sessions came up, %d are accounted for", round, n, byRound[round])
		}
	}
	r.checkOn(list, all)
	// A record comes again when its answer was lost, or was not on disk yet when the
	// daemon was killed: at most as many as were out.
	if most := r.server.silence() + len(came)*512; again > most {
		r.t.Errorf("%d records came again; %d may", again, most)
	}
	if total == 0 {
		r.t.Error("nobody came up in any life")
	}
	r.t.Logf("%d kills: %d sessions came up, %d accounted for in %d records, %d of them again, %d answers lost",
		len(came), total, len(all), len(list), again, r.server.silence())
}

// checkOn wants each Accounting-On behind everything of earlier lives.
func (r *rig) checkOn(list []record, all map[string]*story) {
	last := 0
	for i, x := range list {
		if x.status == statusOn {
			last = i
		}
	}
	for id, s := range all {
		if s.started < last && s.stopped > last {
			r.t.Errorf("session %s began before the last Accounting-On and ended after it", id)
		}
	}
}
