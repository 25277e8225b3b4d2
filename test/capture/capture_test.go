// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/lns"
	"holdfast/internal/storm"
	"holdfast/internal/testenv"
	"holdfast/ppp"
)

var (
	quick   = netip.MustParseAddrPort("203.0.113.1:1701")
	patient = netip.MustParseAddrPort("203.0.113.2:1701")
)

// Subscribers with every way to authenticate, and some that fail, live from the
// first SCCRQ to the last StopCCN.
func TestSubscribers(t *testing.T) {
	testenv.Commands(t, "tshark")
	w := newWorld(t)
	always := storm.Plan{LNS: []netip.AddrPort{quick}, Sessions: 2, User: "alice@example", Password: "wonderland", Called: "5000", IPv4: true, IPv6: true,
		CircuitID: "dslam-1 atm 1/%d", EchoInterval: 10 * time.Second, RedialDelay: -1}
	plan := func(change func(*storm.Plan)) storm.Plan {
		p := always
		change(&p)
		return p
	}
	lacs := []*storm.LAC{
		w.dial("192.0.2.11:1701", plan(func(p *storm.Plan) { p.HostName, p.Auth = "lac-open", []ppp.AuthMethod{ppp.PAP} })),
		w.dial("192.0.2.12:1701", plan(func(p *storm.Plan) {
			p.HostName, p.Secret, p.Auth = "lac-secret", "tunnelsecret", []ppp.AuthMethod{ppp.CHAP}
			p.Traffic = storm.Traffic{Rate: 2, To: []netip.AddrPort{netip.MustParseAddrPort("198.51.100.254:0")}}
		})),
		w.dial("192.0.2.13:40000", plan(func(p *storm.Plan) {
			p.LNS, p.HostName, p.Secret, p.HideAVPs = []netip.AddrPort{patient}, "lac-hidden", "hiddensecret", true
			p.Auth = []ppp.AuthMethod{ppp.MSCHAPv2}
		})),
	}
	w.run(30 * time.Second)
	for i, l := range lacs {
		if s := l.Snapshot(); s.Sessions != 2 {
			t.Errorf("LAC %d: %d sessions of 2 are up: %+v", i, s.Sessions, s)
		}
		l.Traffic(w.now, true)
	}
	failing := []*storm.LAC{
		w.dial("192.0.2.14:1701", plan(func(p *storm.Plan) { p.HostName, p.Password = "lac-open", "wrong" })),
		w.dial("192.0.2.15:1701", plan(func(p *storm.Plan) {
			p.HostName, p.Password, p.Auth = "lac-open", "wrong", []ppp.AuthMethod{ppp.PAP}
		})),
		w.dial("192.0.2.16:1701", plan(func(p *storm.Plan) {
			p.HostName, p.Password, p.Auth = "lac-open", "wrong", []ppp.AuthMethod{ppp.MSCHAPv2}
		})),
		w.dial("192.0.2.17:1701", plan(func(p *storm.Plan) { p.HostName, p.Secret = "lac-secret", "wrong" })),
		w.dial("192.0.2.18:1701", plan(func(p *storm.Plan) { p.HostName = "stranger" })),
	}
	w.run(3 * time.Minute)
	for i, l := range failing {
		if s := l.Snapshot(); s.Sessions != 0 {
			t.Errorf("failing LAC %d has %d sessions", i, s.Sessions)
		}
	}
	lacs[0].HangUp(w.now, &w.lacFx)
	w.carryOut()
	w.run(10 * time.Second)
	w.engine.Request(w.now, &lns.Request{Kind: lns.ClearSessions, Filter: lns.Filter{PeerName: "lac-secret"}}, &w.fx)
	w.carryOut()
	w.run(10 * time.Second)
	w.engine.Stop(w.now, &w.fx)
	w.carryOut()
	w.run(time.Minute)

	file := filepath.Join(t.TempDir(), "subscribers.pcap")
	w.file.write(t, file)
	wantSound(t, file)
	wantSeen(t, file, "l2tp.avp.message_type", "1", "2", "3", "4", "6", "10", "11", "12", "14")
	wantSeen(t, file, "ppp.protocol", "0xc021", "0xc023", "0xc223", "0x8021", "0x8057", "0x0057")
	wantSeen(t, file, "chap.code", "1", "2", "3", "4")
	wantSeen(t, file, "pap.code", "1", "2", "3")
	wantSeen(t, file, "ppp.code", "1", "2", "3", "5", "6", "9", "10")
	wantSeen(t, file, "icmpv6.type", "134")
}

// wantSound wants no packet that tshark finds malformed or has a warning for.
func wantSound(t *testing.T, file string) {
	t.Helper()
	for _, f := range faults(t, file) {
		t.Errorf("tshark finds fault with %s", f)
	}
	if n := strings.Count(tshark(t, "-r", file), "\n"); n < 20 {
		t.Errorf("only %d packets in the capture", n)
	}
}

// faults lists the packets that are malformed or have an expert's mark. Marks
// below warning are about retransmissions and the like.
func faults(t *testing.T, file string) []string {
	t.Helper()
	const warning = "6291456" // PI_WARN
	out := tshark(t, "-r", file, "-Y", "_ws.malformed or _ws.expert.severity >= "+warning, "-T", "fields",
		"-e", "frame.number", "-e", "ip.src", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info", "-e", "_ws.expert.message")
	return slices.DeleteFunc(strings.Split(out, "\n"), func(line string) bool { return line == "" })
}

// wantSeen wants all of the values in a field somewhere in the capture: a run
// that sends little proves little.
func wantSeen(t *testing.T, file, field string, values ...string) {
	t.Helper()
	seen := strings.FieldsFunc(tshark(t, "-r", file, "-Y", field, "-T", "fields", "-e", field), func(r rune) bool { return r == '\n' || r == ',' })
	slices.Sort(seen)
	seen = slices.Compact(seen)
	for _, v := range values {
		if !slices.Contains(seen, v) {
			t.Errorf("%s %s is not in the capture, only %v", field, v, seen)
		}
	}
}

func tshark(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("tshark", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}
