// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"testing"
	"time"

	"holdfast/ppp"
)

// A LAC that has negotiated LCP, and perhaps collected the answer to its
// challenge, says so, and the LNS goes on from there; a modem notices nothing.
// Each comes up on two calls: nothing of the first is left in the second.
func TestProxy(t *testing.T) {
	for _, c := range []struct {
		proxy     Proxy
		auth      []ppp.AuthMethod
		lcp, said int // of each modem's calls
		used      ppp.AuthMethod
	}{
		{ProxyNone, []ppp.AuthMethod{ppp.CHAP}, 0, 0, ppp.CHAP},
		{ProxyLCP, []ppp.AuthMethod{ppp.CHAP}, 1, 0, ppp.CHAP},
		{ProxyLCP, []ppp.AuthMethod{ppp.MSCHAPv2}, 1, 0, ppp.MSCHAPv2},
		{ProxyLCP, []ppp.AuthMethod{ppp.PAP}, 1, 0, ppp.PAP},
		{ProxyAuth, []ppp.AuthMethod{ppp.CHAP}, 1, 1, ppp.CHAP},
		{ProxyAuth, []ppp.AuthMethod{ppp.PAP}, 1, 1, ppp.PAP},
		{ProxyAuth, []ppp.AuthMethod{ppp.MSCHAPv2, ppp.CHAP}, 1, 1, ppp.CHAP},
	} {
		const modems = 20
		b := newLab(t, Plan{Tunnels: 2, Sessions: modems, Auth: c.auth, Proxy: c.proxy, IPv4: true, IPv6: true}).start()
		b.want("all up", b.run(20*time.Second, allUp(modems)), true)
		b.want("method", b.lac.modems[0].link.AuthUsed(), c.used)
		b.want("LCP taken over", b.lns.proxyLCP, c.lcp*modems)
		b.want("authentication taken over", b.lns.proxyAuth, c.said*modems)
		b.want("different users", len(b.lns.user), modems)

		b.lac.Kill(b.now, modems, &b.fx)
		b.collect()
		b.want("all up again", b.run(time.Minute, func(s *Snapshot) bool { return s.CallsUp >= 2*modems }), true)
		b.want("LCP taken over again", b.lns.proxyLCP >= 2*c.lcp*modems, true)
	}
}

// A caller who leaves before his call is connected takes his half-made link along.
func TestProxyCallerLeaves(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 2, Sessions: 20, Proxy: ProxyAuth, Patience: 2 * time.Second, Seed: 3, EchoInterval: -1})
	b.loss = 0.4
	b.start()
	b.run(30*time.Second, nil)
	b.loss = 0
	b.want("all up", b.run(time.Minute, allUp(20)), true)
	if s := b.lac.Snapshot(); s.FailedAll() == 0 {
		t.Error("nobody left: the test says nothing")
	}
}

// RFC 2661 §4.4.5 has no type for MS-CHAPv2.
func TestProxyAuthNeedsATypeForIt(t *testing.T) {
	p := Plan{LNS: targets[:1], Proxy: ProxyAuth, Auth: []ppp.AuthMethod{ppp.MSCHAPv2}}.WithDefaults()
	if p.Check() == nil {
		t.Error("accepted")
	}
}
