// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"fmt"
	"testing"
)

// Refusals are told apart by all that was said, up to a bound; beyond it by their
// Result Code alone, so that none is lost.
func TestRefusalsAreBounded(t *testing.T) {
	var l, sum Refusals
	for i := range 3 * refusalsMax {
		l.add(Refusal{Result: uint16(1 + i%2), Message: fmt.Sprint("number ", i)}, 2)
	}
	l.add(Refusal{Result: 1, Message: "number 0"}, 1)
	sum.Merge(l)
	sum.Merge(l)
	all := uint64(0)
	for _, x := range sum {
		all += x.Count
	}
	if len(l) != refusalsMax+2 || all != 2*(2*3*refusalsMax+1) {
		t.Errorf("%d kinds, %d refusals", len(l), all)
	}
	if n := sum.Count(Refusal{Result: 1, Message: "number 0"}); n != 2*3 {
		t.Errorf("the first came %d times", n)
	}
	if n := sum.Count(Refusal{Result: 3}); n != 0 {
		t.Errorf("one that never came came %d times", n)
	}
	if first := l.Sorted()[0]; first.Message != "" || first.Count != 2*refusalsMax {
		t.Errorf("most frequent: %+v", first)
	}
}

func TestRefusalInWords(t *testing.T) {
	for _, c := range []struct {
		x    Refusal
		want string
	}{
		{Refusal{Result: 4, Message: "too busy"}, `result 4 (lack of facilities, temporary), "too busy"`},
		{Refusal{Result: 2, Error: 4}, `result 2 (disconnected for the reason in the error code), error 4 (insufficient resources)`},
		{Refusal{Result: 99, Error: 77, PPPCause: 55}, `result 99, error 77, PPP cause 55`},
		{Refusal{Result: 3, Message: "address in use", PPPCause: 20, PPPProtocol: 0x8021},
			`result 3 (administrative reasons), "address in use", PPP cause 20 (not permitted to use any address), protocol 0x8021`},
	} {
		if got := c.x.String(); got != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.x, got, c.want)
		}
	}
}
