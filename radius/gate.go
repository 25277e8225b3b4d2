// SPDX-License-Identifier: Apache-2.0

package radius

import "time"

// gate is a rate as the generic cell rate algorithm keeps it: one time and two
// constants. The zero value lets everything through.
type gate struct {
	interval  int64 // ns between two transmissions at the rate; zero: no bound
	tolerance int64 // how much earlier than its time one may come
	nominal   int64 // when the next one is due at the rate
}

// burst is the part of a second whose transmissions may go at once.
const burst = 10

// setRate sets the bound to n a second; what was let through before still counts.
func (g *gate) setRate(n int) {
	if n <= 0 {
		*g = gate{}
		return
	}
	g.interval = int64(time.Second) / int64(n)
	g.tolerance = g.interval * int64(max(n/burst, 1)-1)
}

// opensAt is the earliest time at which one more conforms.
func (g *gate) opensAt() int64 { return g.nominal - g.tolerance }

// take counts one at the time at, whether it conforms or not.
func (g *gate) take(at int64) {
	if g.interval > 0 {
		g.nominal = max(g.nominal, at) + g.interval
	}
}
