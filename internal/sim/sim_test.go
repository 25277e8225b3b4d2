// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/internal/testenv"
)

var (
	seedFlag   = flag.Uint64("seed", 0, "the seed to simulate; 0: fresh ones")
	modemsFlag = flag.Int("modems", 0, "modems of a simulation; 0: as the test has it")
	longFlag   = flag.Int("long", 1, "seeds at full size: 2,000 modems, 30 virtual minutes, with 1 and with 4 shards")
)

// play runs a scenario and tells what came of it; a fault fails the test.
func play(t testing.TB, s Scenario) *Result {
	t.Helper()
	w, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r := w.Run()
	took := time.Since(began)
	var b strings.Builder
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s%v of real time, %.0f packets a second", &b, took.Round(time.Millisecond), float64(r.Packets)/took.Seconds())
	if r.FaultsAll > 0 {
		t.Errorf("%d faults in %s with %d shards; to see it again: make sim SEED=%d", r.FaultsAll, s.Name, s.Shards, s.Seed)
	}
	return r
}

// figureSeed is the seed of the histories whose figures are held to a bound: one
// and the same, or a figure near its bound would fail now and then. What must
// never happen is looked for in fresh ones.
func figureSeed() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return 1
}

// seeds are n fresh ones, or the one that was asked for.
func seeds(n int) []uint64 {
	if *seedFlag != 0 {
		return []uint64{*seedFlag}
	}
	if testing.Short() {
		n = 1
	}
	fresh := make([]uint64, n)
	for i := range fresh {
		fresh[i] = 1 + rand.Uint64N(1<<32)
	}
	return fresh
}

func modems(n int) int {
	if *modemsFlag != 0 {
		return *modemsFlag
	}
	return n
}

// sizes are numbers of shards.
func sizes() []int {
	if testing.Short() {
		return []int{1}
	}
	return []int{1, 4}
}

// days plays days of modems, with 1 and with 4 shards, as many at once as there
// are processors.
func days(t *testing.T, seeds []uint64, modems int, d time.Duration) {
	for _, seed := range seeds {
		for _, shards := range []int{1, 4} {
			t.Run(fmt.Sprintf("seed=%d/shards=%d", seed, shards), func(t *testing.T) {
				t.Parallel()
				play(t, Day(seed, shards, modems, d))
			})
		}
	}
}

// Whatever happens in a day, nothing is lost to load, and in the end nothing is
// left of it.
func TestSimSeed(t *testing.T) { days(t, seeds(3), modems(400), 10*time.Minute) }

// The same at full size.
func TestSimLong(t *testing.T) {
	testenv.Long(t)
	days(t, seeds(*longFlag), modems(2000), 30*time.Minute)
}

// One seed is one history, to the octet, and another seed another.
func TestSameSeedSameHash(t *testing.T) {
	for _, shards := range []int{1, 4} {
		first := play(t, Day(7, shards, 200, 5*time.Minute))
		again := play(t, Day(7, shards, 200, 5*time.Minute))
		other := play(t, Day(8, shards, 200, 5*time.Minute))
		if first.Hash != again.Hash || first.Packets != again.Packets {
			t.Errorf("%d shards: hash %x after %d packets, then %x after %d", shards, first.Hash, first.Packets, again.Hash, again.Packets)
		}
		if first.Hash == other.Hash {
			t.Errorf("%d shards: two seeds with the hash %x", shards, first.Hash)
		}
	}
}
