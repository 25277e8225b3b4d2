// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"testing"
	"time"
)

// The servers of one profile are silent. Its own subscribers fall back or are told
// soon; those of the other profile come up as ever.
func TestProfilesDoNotWaitForOneAnother(t *testing.T) {
	dead := &AAAProfile{Name: "dead", Order: []AuthSource{AuthRadius}}
	cfg := radiusConfig()
	cfg.terms().AAA.Domains = map[string]*Domain{"dead": {Name: "dead", AAA: dead}}
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	var sick, sound []*modem
	answer := func() {
		var out []asked
		queries := w.queries
		w.queries = nil
		for _, q := range queries {
			if q.Profile.Name == "dead" {
				out = append(out, q)
			} else {
				w.queries = append(w.queries, q)
			}
		}
		w.answer(judge)
		w.queries = append(out, w.queries...)
	}
	for i := range 400 {
		if i%2 == 0 {
			sick = append(sick, l.dial(id, fmt.Sprintf("user%d@dead", i), "pw"))
		} else {
			sound = append(sound, l.dial(id, fmt.Sprintf("user%d@example", i), "pw"))
		}
		for range 3 {
			w.advance(10 * time.Millisecond)
			answer()
		}
	}
	w.advance(time.Second)
	answer()
	up := 0
	for _, m := range sound {
		if m.up4 {
			up++
		}
	}
	if up != len(sound) {
		t.Errorf("%d of %d of the sound profile are up", up, len(sound))
	}
	told := 0
	for _, m := range sick {
		if m.gone {
			told++
		}
	}
	if told < len(sick)/2 {
		t.Errorf("%d of %d of the silent profile have been told", told, len(sick))
	}
	// When all are silent it is as with one profile: calls are not begun for nobody.
	before := len(w.queries)
	for i := range 200 {
		l.dial(id, fmt.Sprintf("late%d@example", i), "pw")
		w.advance(25 * time.Millisecond)
	}
	if n := len(w.queries) - before; n > 20 {
		t.Errorf("%d queries in five seconds of silence", n)
	}
	// Back to life, all are served again.
	w.until("all up", func() bool {
		w.answer(judge)
		return w.engines[0].states[StateInit] == 0
	})
	m := l.dial(id, "again@dead", "pw")
	w.until("up", func() bool {
		w.answer(judge)
		return m.up4
	})
}

// The windows of profiles that have gone are used again, and never more than a few
// hundred are kept.
func TestAuthoritiesAreBounded(t *testing.T) {
	w := newWorld(t, radiusConfig(), 1)
	e := w.engines[0]
	for i := range 1000 {
		p := &AAAProfile{Name: fmt.Sprintf("profile %d", i)}
		a, n := e.authority(p)
		if again, m := e.authority(p); again != a || m != n || e.authorities[n] != a || a.profile != p.Name {
			t.Fatalf("profile %d: number %d, then %d", i, n, m)
		}
		a.askedAt = e.now.Add(-time.Minute)
	}
	if len(e.authorities) != 256 {
		t.Errorf("%d are kept", len(e.authorities))
	}
	for _, a := range e.authorities {
		a.askedAt = e.now
	}
	if a, n := e.authority(&AAAProfile{Name: "one too many"}); n != 0 || a != e.authorities[0] {
		t.Error("one more than there is room for must share")
	}
}
