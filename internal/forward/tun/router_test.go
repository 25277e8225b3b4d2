// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/kernel"
)

// patience bounds waits for goroutines; a healthy run waits for microseconds.
const patience = 10 * time.Second

// twinRoutes is a kernel's table in memory.
type twinRoutes struct {
	mu      sync.Mutex
	change  sync.Cond
	have    map[netip.Prefix]bool
	taken   map[netip.Prefix]bool // routes of somebody else's
	batches int
	broken  bool
	closed  bool
}

func newTwinRoutes() *twinRoutes {
	k := &twinRoutes{have: map[netip.Prefix]bool{}, taken: map[netip.Prefix]bool{}}
	k.change.L = &k.mu
	return k
}

func (k *twinRoutes) Apply(changes []kernel.RouteChange) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.change.Broadcast()
	k.batches++
	if k.broken {
		return errors.New("broken")
	}
	for i := range changes {
		c := &changes[i]
		switch {
		case c.Delete && !k.have[c.Prefix]:
			c.Err = errors.New("deleted twice") // the kernel would forgive it
		case c.Delete:
			delete(k.have, c.Prefix)
		case k.have[c.Prefix] || k.taken[c.Prefix]:
			c.Err = kernel.ErrRouteTaken
		default:
			k.have[c.Prefix] = true
		}
	}
	return nil
}

func (k *twinRoutes) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	return nil
}

// want waits until the kernel has exactly these.
func (k *twinRoutes) want(t testing.TB, why string, prefixes ...string) {
	t.Helper()
	late := time.AfterFunc(patience, k.change.Broadcast)
	defer late.Stop()
	end := time.Now().Add(patience)
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		var have []string
		for p := range k.have {
			have = append(have, p.String())
		}
		slices.Sort(have)
		slices.Sort(prefixes)
		if slices.Equal(have, prefixes) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: the kernel has %v, want %v", why, have, prefixes)
		}
		k.change.Wait()
	}
}

func (k *twinRoutes) set(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
}

func routes(list ...string) (p []netip.Prefix) {
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

// Prefixes of sessions outside of the pools are routed to the device, and no
// others; they follow the session, its replacement, and its end.
func TestFramedRoutes(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1)
	s.Routes = routes("192.0.2.0/24", "198.51.100.128/25", "2001:db8:200::/48", "100.64.9.0/24", "2001:db8:100:900::/56")
	w.install(t, s)
	w.routes.want(t, "installed", "192.0.2.0/24", "198.51.100.128/25", "2001:db8:200::/48")
	s.Routes = routes("192.0.2.0/24", "203.0.113.7/32")
	s.IPv4 = netip.MustParseAddr("192.0.2.77") // as RADIUS may say
	w.install(t, s, s)
	w.routes.want(t, "replaced", "192.0.2.0/24", "203.0.113.7/32", "192.0.2.77/32")
	other := w.session(2)
	other.Routes = routes("192.0.2.0/24")
	w.install(t, other)
	if err := w.Plane.Handle(1).Remove([]forward.Key{s.Key}); err != nil {
		t.Fatal(err)
	}
	w.routes.want(t, "one of two has gone", "192.0.2.0/24")
	if err := w.Plane.Handle(1).Remove([]forward.Key{other.Key}); err != nil {
		t.Fatal(err)
	}
	w.routes.want(t, "both have gone")
	w.wantRoutes(t, forward.Totals{RoutesAdded: 5, RoutesDeleted: 5})
	if n := len(w.instances[0].router.prefixes); n != 0 {
		t.Errorf("%d prefixes are remembered", n)
	}
}

// wantRoutes asks for the counters of routes. The last batch may not have been
// noted when the kernel has it.
func (w *twin) wantRoutes(t *testing.T, want forward.Totals) {
	t.Helper()
	w.instances[0].router.working.Lock()
	defer w.instances[0].router.working.Unlock()
	got := w.Totals()
	got = forward.Totals{RoutesAdded: got.RoutesAdded, RoutesDeleted: got.RoutesDeleted, RoutesFailed: got.RoutesFailed, RoutesPending: got.RoutesPending}
	if got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
}

// What the kernel refuses is counted, waits, and is tried again; the rest does
// not wait for it.
func TestRoutesRefused(t *testing.T) {
	w := newTwin(t, func(o *Options) { o.routeRetry = time.Hour })
	r := w.instances[0].router
	w.routes.set(func() { w.routes.taken[netip.MustParsePrefix("192.0.2.0/24")] = true })
	s := w.session(1)
	s.Routes = routes("192.0.2.0/24", "198.51.100.128/25")
	w.install(t, s)
	w.routes.want(t, "one is taken", "198.51.100.128/25")
	w.wantRoutes(t, forward.Totals{RoutesAdded: 1, RoutesFailed: 1, RoutesPending: 1})

	w.routes.set(func() { clear(w.routes.taken) })
	r.requeue()
	w.routes.want(t, "tried again", "192.0.2.0/24", "198.51.100.128/25")
	w.wantRoutes(t, forward.Totals{RoutesAdded: 2, RoutesFailed: 1})

	// A kernel that does not answer loses nothing either.
	w.routes.set(func() { w.routes.broken = true })
	w.routes.set(func() { w.routes.batches = 0 })
	if err := w.Plane.Handle(1).Remove([]forward.Key{s.Key}); err != nil {
		t.Fatal(err)
	}
	w.routes.mu.Lock()
	for w.routes.batches == 0 {
		w.routes.change.Wait()
	}
	w.routes.broken = false
	w.routes.mu.Unlock()
	r.requeue()
	w.routes.want(t, "removed in the end")
}

// A session that goes while its route is refused leaves nothing behind.
func TestRouteGivenUp(t *testing.T) {
	k := newTwinRoutes()
	p := netip.MustParsePrefix("192.0.2.0/24")
	k.taken[p] = true
	r := newRouter(k, time.Hour)
	r.claim(p)
	r.turn(nil)
	if r.pending() != 1 {
		t.Errorf("%d pending, want 1", r.pending())
	}
	r.release(p)
	r.turn(nil)
	r.requeue()
	if len(r.prefixes) != 0 || len(r.refused) != 0 || r.pending() != 0 || r.failed.Load() != 1 {
		t.Errorf("left: %v, %v; %d failures", r.prefixes, r.refused, r.failed.Load())
	}
}

// A session's default route never becomes the host's; in a routing instance it
// is the instance's.
func TestDefaultRoute(t *testing.T) {
	tables := map[string]*twinRoutes{"hf0": newTwinRoutes(), "hf7": newTwinRoutes()}
	w := newTwin(t, func(o *Options) {
		o.open = func(string, int) ([]device, error) { return []device{&twinDevice{in: newInbox[[]byte]()}}, nil }
		o.openRoutes = func(device string, _ int) (routeTable, error) { return tables[device], nil }
	})
	i := forwardtest.Instance()
	i.ID = 7
	if err := w.Plane.Instance(i); err != nil {
		t.Fatal(err)
	}
	a, b := w.session(1), w.session(2)
	b.Instance = 7
	a.Routes, b.Routes = routes("0.0.0.0/0", "::/0", "192.0.2.0/24"), routes("0.0.0.0/0", "::/0")
	w.install(t, a, b)
	tables["hf0"].want(t, "the host", "192.0.2.0/24")
	tables["hf7"].want(t, "the instance", "0.0.0.0/0", "::/0")
}

// Pools that come and go take prefixes over and give them back, without touching
// the routes of pools.
func TestPoolsChange(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1) // 100.64.1.1 and 2001:db8:100:1::/64
	s.Routes = routes("192.0.2.0/24")
	w.install(t, s)
	w.routes.want(t, "at first", "192.0.2.0/24")
	i := w.instances[0].Instance
	for _, c := range []struct {
		why   string
		pools []netip.Prefix
		want  []string
	}{
		{"no pools", nil, []string{"100.64.1.1/32", "2001:db8:100:1::/64", "192.0.2.0/24"}},
		{"one that covers some", routes("192.0.0.0/16"), []string{"100.64.1.1/32", "2001:db8:100:1::/64"}},
		{"all", routes("192.0.2.0/23", "100.64.0.0/10", "2001:db8:100::/40"), nil},
		{"none again", nil, []string{"100.64.1.1/32", "2001:db8:100:1::/64", "192.0.2.0/24"}},
	} {
		i.Pools = c.pools
		if err := w.Plane.Instance(i); err != nil {
			t.Fatal(err)
		}
		w.routes.want(t, c.why, c.want...)
	}
	// The very prefix: its route is the pool's from then on.
	i.Pools = routes("192.0.2.0/24", "100.64.0.0/10", "2001:db8:100::/40")
	if err := w.Plane.Instance(i); err != nil {
		t.Fatal(err)
	}
	w.routes.want(t, "the very prefix", "192.0.2.0/24")
}

// What the kernel is found to have decides what is done: what is missing is
// added, what is there already is ours, what nobody wants is named.
func TestCompareWithKernel(t *testing.T) {
	k := newTwinRoutes()
	r := newRouter(k, time.Hour)
	r.setPools(routes("100.64.0.0/16"))
	a, b, c := netip.MustParsePrefix("192.0.2.0/25"), netip.MustParsePrefix("192.0.2.128/25"), netip.MustParsePrefix("198.51.100.0/24")
	r.claim(a)
	r.turn(nil)
	r.claim(b)
	k.set(func() { clear(k.have); k.have[b], k.have[c] = true, true })
	if got := r.compare([]netip.Prefix{b, c, netip.MustParsePrefix("100.64.0.0/16")}); !slices.Equal(got, []netip.Prefix{c}) {
		t.Errorf("strangers %v, want %v", got, c)
	}
	r.turn(nil)
	k.want(t, "after", a.String(), b.String(), c.String())
	if r.failed.Load() != 0 || r.pending() != 0 {
		t.Errorf("%d failed, %d pending", r.failed.Load(), r.pending())
	}
}

// However claims come and go around a kernel that refuses at times, it ends with
// what is claimed, each prefix in the queue once.
func TestRouterEndsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newTwinRoutes()
		r := newRouter(k, time.Hour)
		claims := map[netip.Prefix]int{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, byte(rapid.IntRange(0, 4).Draw(t, "prefix")), 0}), 24)
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0, 1, 2:
				r.claim(p)
				claims[p]++
			case 3:
				if claims[p] > 0 {
					r.release(p)
					claims[p]--
				}
			case 4:
				r.turn(nil)
			case 5: // claims change while a batch is under way
				batch := r.take(nil)
				r.claim(p)
				r.apply(batch)
				r.note(batch)
				r.release(p)
			default:
				if k.broken = !k.broken; !k.broken {
					r.requeue()
				}
			}
			if len(r.dirty) > 5 || len(r.refused) > 10 {
				t.Fatalf("%d wait, %d refused, of 5 prefixes", len(r.dirty), len(r.refused))
			}
		}
		k.broken = false
		r.requeue()
		for more := true; more; {
			_, more = r.turn(nil)
		}
		want := map[netip.Prefix]bool{}
		for p, n := range claims {
			if n > 0 {
				want[p] = true
			}
		}
		if !maps.Equal(k.have, want) || len(r.prefixes) != len(want) || r.pending() != 0 {
			t.Fatalf("the kernel has %v, want %v; %d remembered, %d pending", k.have, want, len(r.prefixes), r.pending())
		}
	})
}

// Thousands of routes go to the kernel in few batches, and the shard does not
// wait for any.
func TestRoutesInBatches(t *testing.T) {
	const n = 2000
	w := newTwin(t, nil)
	w.routes.mu.Lock() // the kernel does not answer
	var list []forward.Session
	var want []string
	for i := range n {
		s := w.session(0)
		s.SessionID, s.Element = uint16(1+i), uint32(i)
		s.Routes = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)}
		want = append(want, s.Routes[0].String())
		list = append(list, s)
	}
	w.install(t, list...)
	w.routes.mu.Unlock()
	w.routes.want(t, "in the end", want...)
	w.routes.mu.Lock()
	defer w.routes.mu.Unlock()
	if most := n/kernel.RouteBatchMax + 3; w.routes.batches > most {
		t.Errorf("%d batches for %d routes, at most %d", w.routes.batches, n, most)
	}
}

// A closed plane closes its way to the kernel.
func TestRouterCloses(t *testing.T) {
	w := newTwin(t, nil)
	if err := w.Plane.Close(); err != nil {
		t.Fatal(err)
	}
	if !w.routes.closed {
		t.Error("still open")
	}
}

// A device without routes is none.
func TestOpenRoutesFails(t *testing.T) {
	bad := errors.New("no netlink")
	w := newTwin(t, func(o *Options) {
		first := true
		o.openRoutes = func(string, int) (routeTable, error) {
			if first {
				first = false
				return newTwinRoutes(), nil
			}
			return nil, bad
		}
		o.open = func(string, int) ([]device, error) { return []device{&twinDevice{in: newInbox[[]byte]()}}, nil }
	})
	if err := w.Plane.Instance(forward.Instance{ID: 4, Name: "VR"}); !errors.Is(err, bad) {
		t.Errorf("made ready: %v", err)
	}
}
