// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// The index is a map, whatever is done to it.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x index[uint64]
		model := map[uint64]*uint64{}
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			key := rapid.Uint64Range(0, 60).Draw(t, "key") << rapid.SampledFrom([]int{0, 24, 50}).Draw(t, "shift")
			if rapid.IntRange(0, 2).Draw(t, "do") == 0 {
				x.set(key, nil)
				delete(model, key)
			} else {
				v := key
				x.set(key, &v)
				model[key] = &v
			}
			if x.get(key) != model[key] {
				t.Fatalf("key %d: %v, want %v", key, x.get(key), model[key])
			}
		}
		for key := range uint64(61) {
			for _, shift := range []int{0, 24, 50} {
				if got := x.get(key << shift); got != model[key<<shift] {
					t.Fatalf("key %d: %v, want %v", key<<shift, got, model[key<<shift])
				}
			}
		}
		if c := x.cells.Load(); (c == nil) != (len(model) == 0) || c != nil && c.live != len(model) {
			t.Fatalf("%+v for %d keys", c, len(model))
		}
	})
}

// Keys that come and go do not make the index grow.
func TestIndexStaysSmall(t *testing.T) {
	var x index[int]
	v := 1
	x.set(1<<40, &v)
	for key := range uint64(100_000) {
		x.set(key, &v)
		x.set(key, nil)
	}
	if n := len(x.cells.Load().list); n > 8 {
		t.Errorf("%d cells for one key", n)
	}
}

// Readers find a key that stays, and for a key that changes one of its values,
// whatever goes on beside it.
func TestIndexConcurrent(t *testing.T) {
	var x index[uint64]
	stays := uint64(77)
	x.set(stays, &stays)
	var stop atomic.Bool
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for !stop.Load() {
				if v := x.get(stays); v == nil || *v != stays {
					t.Error("the key that stays is gone")
					return
				}
				for key := range uint64(50) {
					if v := x.get(key); v != nil && *v%50 != key {
						t.Errorf("key %d has the value %d of another", key, *v)
						return
					}
				}
			}
		})
	}
	for round := range uint64(2000) {
		for key := range uint64(50) {
			v := key + round*50
			if round%3 == key%3 {
				x.set(key, nil)
			} else {
				x.set(key, &v)
			}
		}
	}
	stop.Store(true)
	readers.Wait()
}

func BenchmarkIndexGet(b *testing.B) {
	var x index[int]
	v := 1
	const n = 1 << 12
	for key := range uint64(n) {
		x.set(key*0x9e37, &v)
	}
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		if x.get(i%n*0x9e37) == nil {
			b.Fatal("lost")
		}
		i++
	}
}
