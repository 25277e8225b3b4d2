// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"

	"pgregory.net/rapid"
)

// life drives a world at random: tunnels and calls come and go, modems fall
// silent, the network loses packets, operators clear things.
type life struct {
	*world
	rand *rand.Rand
	loss float64
	hash uint64
}

func newLife(t testing.TB, seed uint64, shards int, loss float64) *life {
	cfg := testConfig()
	cfg.SessionMax = 60
	cfg.TunnelMax = 12
	cfg.terms().AAA.SessionLimitPerUserName = 2
	cfg.terms().PPP.Link.EchoInterval = 10 * time.Second
	f := &life{world: newWorld(t, cfg, shards), rand: rand.New(rand.NewPCG(seed, 1)), loss: loss}
	f.lose = func(d *packet.Datagram) bool {
		h := fnv.New64a()
		h.Write(d.Data)
		f.hash = f.hash*31 + h.Sum64()
		return f.rand.Float64() < f.loss
	}
	for i := range 3 {
		f.world.lac(i)
	}
	return f
}

func (f *life) step() {
	l := f.lacs[f.rand.IntN(len(f.lacs))]
	switch f.rand.IntN(10) {
	case 0:
		l.open(&l2tp.TunnelConfig{HostName: l.name})
	case 1, 2, 3, 4:
		if ids := sortedTunnels(l); len(ids) > 0 {
			methods := []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2}
			password := "pw"
			if f.rand.IntN(8) == 0 {
				password = "wrong"
			}
			l.dial(ids[f.rand.IntN(len(ids))], fmt.Sprintf("user%d@example", f.rand.IntN(300)), password, methods[f.rand.IntN(3)])
		}
	case 5:
		if all := l.sorted(); len(all) > 0 {
			m := all[f.rand.IntN(len(all))]
			l.ep.CloseCall(f.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
			l.settle()
		}
	case 6:
		if all := l.sorted(); len(all) > 0 {
			all[f.rand.IntN(len(all))].silent = true
		}
	case 7:
		if ids := sortedTunnels(l); len(ids) > 0 && f.rand.IntN(3) == 0 {
			l.ep.CloseTunnel(f.now, ids[f.rand.IntN(len(ids))], l2tp.Result{Code: 1}, &l.fx)
			l.settle()
		}
	case 8:
		f.request(Request{Kind: ClearSessions, Filter: Filter{User: fmt.Sprintf("user%d@example", f.rand.IntN(300))}})
	}
	f.advance(time.Duration(f.rand.IntN(3000)) * time.Millisecond)
}

func sortedTunnels(l *lac) (ids []l2tp.TunnelID) {
	for id, ok := l.ep.TunnelAfter(0); ok; id, ok = l.ep.TunnelAfter(id) {
		if l.up[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// check is what must hold at every moment.
func (f *life) check(t interface{ Fatalf(string, ...any) }) {
	sessions, tokens, addresses := 0, 0, 0
	for _, e := range f.engines {
		for _, n := range e.states {
			sessions += n
		}
		for k, l := range e.leases {
			if k.Kind == 0 {
				tokens += l.Used()
			}
		}
		addresses += e.pools["v4"].local.Used()
	}
	if tokens > f.cfg.SessionMax || tokens > sessions || addresses > tokens || len(f.plane) > addresses {
		t.Fatalf("sessions %d, tokens %d, addresses %d, in the plane %d", sessions, tokens, addresses, len(f.plane))
	}
	seen := make(map[string]bool)
	for _, s := range f.plane {
		for _, a := range []string{s.IPv4.String(), s.IPv6.String()} {
			if a[0] != 'i' && seen[a] {
				t.Fatalf("%s is given twice", a)
			}
			seen[a] = true
		}
	}
}

// Whatever happens, no address, token, timer, claim or plane entry is leaked,
// and nothing stays half-open: when the LACs have gone, all is as at the start.
func TestLivesLeaveNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newLife(t, rapid.Uint64().Draw(rt, "seed"), rapid.SampledFrom([]int{1, 4}).Draw(rt, "shards"),
			rapid.SampledFrom([]float64{0, 0.05, 0.3}).Draw(rt, "loss"))
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			f.step()
			f.check(rt)
		}
		f.loss = 1
		f.advance(15 * time.Minute)
		f.wantClean()
		if t.Failed() {
			rt.FailNow()
		}
		for i, e := range f.engines {
			if c := e.Counters().L2TP; c.Tunnels != 0 || c.Sessions != 0 {
				rt.Fatalf("shard %d: %d tunnels and %d sessions in the endpoint", i, c.Tunnels, c.Sessions)
			}
		}
	})
}

// The same seed gives the same octets on the wire, twice.
func TestDeterminism(t *testing.T) {
	for _, shards := range []int{1, 4} {
		var hashes [2]uint64
		for i := range hashes {
			f := newLife(t, 42, shards, 0.1)
			for range 80 {
				f.step()
			}
			hashes[i] = f.hash
		}
		if hashes[0] != hashes[1] {
			t.Errorf("%d shards: %x and %x", shards, hashes[0], hashes[1])
		}
	}
}
