// SPDX-License-Identifier: Apache-2.0

package directory

// Lease is one shard's end of a limit. The zero value holds nothing.
type Lease struct {
	spare int
	used  int
	asked bool
}

// Take uses a token. When none is spare it returns false, and ask tells
// whether an Ask must be sent; the caller waits for Grant or Deny.
func (l *Lease) Take() (ok, ask bool) {
	if l.spare == 0 {
		ask = !l.asked
		l.asked = true
		return false, ask
	}
	l.spare--
	l.used++
	return true, false
}

// Put gives a used token back. surplus is how many to Return to the home.
func (l *Lease) Put() (surplus int) {
	l.used--
	l.spare++
	if l.spare > 2*leaseMax {
		surplus = l.spare - leaseMax
		l.spare -= surplus
	}
	return surplus
}

// Granted takes tokens in. Those who waited may try Take again.
func (l *Lease) Granted(n int) { l.asked, l.spare = false, l.spare+n }

// Denied ends the question: those who waited are refused.
func (l *Lease) Denied() { l.asked = false }

// Recalled returns all that is spare, for the answer to a Recall.
func (l *Lease) Recalled() (n int) {
	n, l.spare = l.spare, 0
	return n
}

// Used is how many tokens are in use in this shard.
func (l *Lease) Used() int { return l.used }
