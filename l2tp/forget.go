// SPDX-License-Identifier: Apache-2.0

package l2tp

import "time"

// ForgetCall ends a call without a word to the peer, who has left or soon will:
// the cheapest way to be rid of a call under a flood of them. Should the peer
// still speak of it, he is answered as for any session that does not exist.
func (e *Endpoint) ForgetCall(now time.Time, el Element, fx *Effects) {
	s, t := e.live(el)
	if s == nil {
		return
	}
	e.endCall(now, t, el, ErrClosed, Result{}, nil, fx)
	e.arm(t)
}
