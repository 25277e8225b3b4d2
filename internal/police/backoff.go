// SPDX-License-Identifier: Apache-2.0

package police

import (
	"net/netip"
	"time"
)

// BackoffOptions sizes a Backoff.
type BackoffOptions struct {
	Sources int           // that can be remembered; 0: 4,096
	Initial time.Duration // after the first failure; 0: a second
	Max     time.Duration // the longest; 0: five minutes
	Forgive time.Duration // quiet time that makes good for one failure; 0: Max
	Key     [2]uint64     // of the hash over addresses: random
}

// Backoff makes a source that failed to authenticate wait, twice as long each
// time, before it is listened to again. It belongs to one owner.
//
// A failure counts only when it proves the address: the sender of a wrong answer
// to our Challenge has seen our SCCRP. Otherwise whoever forges an address could
// shut its owner out.
type Backoff struct {
	opt     BackoffOptions
	epoch   time.Time // the first failure
	sources []source
}

// source is one address that failed. Zero is a free place.
type source struct {
	tag   uint64
	until uint64 // nanoseconds after the epoch
	fails uint64 // that have not been forgiven
}

// backoffSources is how many are remembered if nothing is said.
const backoffSources = 4096

// NewBackoff makes one.
func NewBackoff(o BackoffOptions) *Backoff {
	if o.Sources == 0 {
		o.Sources = backoffSources
	}
	if o.Initial == 0 {
		o.Initial = time.Second
	}
	if o.Max == 0 {
		o.Max = 5 * time.Minute
	}
	if o.Forgive == 0 {
		o.Forgive = o.Max
	}
	o.Sources = max(o.Sources/ways, 1) * ways
	return &Backoff{opt: o, sources: make([]source, o.Sources)}
}

// Blocked says whether nothing is to be heard from addr yet.
func (b *Backoff) Blocked(now time.Time, addr netip.Addr) bool {
	s := b.find(b.tag(addr))
	return s != nil && b.ns(now) < s.until
}

// Fail notes a failure and says until when addr is blocked. When the table has
// no room, the source whose time is up first is forgotten.
func (b *Backoff) Fail(now time.Time, addr netip.Addr) (until time.Time) {
	if b.epoch.IsZero() {
		b.epoch = now
	}
	tag, at := b.tag(addr), b.ns(now)
	s := b.find(tag)
	if s == nil {
		s = b.place(tag)
		*s = source{tag: tag}
	}
	if at > s.until {
		s.fails -= min(s.fails, (at-s.until)/uint64(b.opt.Forgive))
	}
	delay := b.opt.Initial
	for n := uint64(0); n < s.fails && delay < b.opt.Max; n++ {
		delay *= 2
	}
	if delay < b.opt.Max {
		s.fails++ // further ones would make it no longer, only forgiving slower
	}
	s.until = at + uint64(min(delay, b.opt.Max))
	return b.epoch.Add(time.Duration(s.until))
}

// Forget is for a source that has authenticated.
func (b *Backoff) Forget(addr netip.Addr) {
	if s := b.find(b.tag(addr)); s != nil {
		*s = source{}
	}
}

func (b *Backoff) ns(now time.Time) uint64 { return uint64(max(now.Sub(b.epoch), 0)) }

// tag is of the address, or of the /64 of an IPv6 address: who has one address
// of it has them all.
func (b *Backoff) tag(addr netip.Addr) uint64 {
	w := words(addr)
	if addr.Unmap().Is6() {
		w[1] = 0
	}
	s := newSip(&b.opt.Key)
	s.word(w[0])
	s.word(w[1])
	return s.sum() | 1
}

func (b *Backoff) bucket(tag uint64) []source {
	first := tag >> 1 % uint64(len(b.sources)/ways) * ways
	return b.sources[first : first+ways]
}

func (b *Backoff) find(tag uint64) *source {
	bucket := b.bucket(tag)
	for i := range bucket {
		if bucket[i].tag == tag {
			return &bucket[i]
		}
	}
	return nil
}

func (b *Backoff) place(tag uint64) *source {
	bucket := b.bucket(tag)
	victim := &bucket[0]
	for i := range bucket {
		if bucket[i].until < victim.until {
			victim = &bucket[i]
		}
	}
	return victim
}
