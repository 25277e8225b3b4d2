// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"holdfast/internal/lns"
	"holdfast/internal/storm"
	"holdfast/internal/testenv"
	"holdfast/ppp"
	"holdfast/test/tshark"
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
		EchoInterval: 10 * time.Second, RedialDelay: -1}
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
	tshark.WantSound(t, file)
	tshark.WantSeen(t, file, "l2tp.avp.message_type", "1", "2", "3", "4", "6", "10", "11", "12", "14")
	tshark.WantSeen(t, file, "ppp.protocol", "0xc021", "0xc023", "0xc223", "0x8021", "0x8057", "0x0057")
	tshark.WantSeen(t, file, "chap.code", "1", "2", "3", "4")
	tshark.WantSeen(t, file, "pap.code", "1", "2", "3")
	tshark.WantSeen(t, file, "ppp.code", "1", "2", "3", "5", "6", "9", "10")
	tshark.WantSeen(t, file, "icmpv6.type", "134")
}
