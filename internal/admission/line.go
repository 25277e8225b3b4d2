// SPDX-License-Identifier: Apache-2.0

package admission

// lines finds the parked call of a line: the newest, if it has several. The chains
// run through the calls themselves; a line is a hash already, so that its low bits
// choose the chain.
type lines struct {
	heads []int32 // a power of two of them: 1 + the place of the first call; 0: none
	count int
}

// linesLeast is the number of chains at first.
const linesLeast = 1 << 10

// find is the parked call of a line.
func (x *lines) find(all []parked, line uint64) (int32, bool) {
	if x.count == 0 {
		return none, false
	}
	for i := x.heads[line&uint64(len(x.heads)-1)]; i != 0; i = all[i-1].chain {
		if all[i-1].line == line {
			return i - 1, true
		}
	}
	return none, false
}

// put makes i the call of its line.
func (x *lines) put(all []parked, i int32) {
	if j, ok := x.find(all, all[i].line); ok {
		x.remove(all, j)
	}
	if x.count == len(x.heads) {
		x.grow(all)
	}
	x.push(all, i)
	x.count++
}

func (x *lines) push(all []parked, i int32) {
	head := &x.heads[all[i].line&uint64(len(x.heads)-1)]
	all[i].chain, *head = *head, i+1
}

// remove takes i out, if it is the call of its line.
func (x *lines) remove(all []parked, i int32) {
	if x.count == 0 {
		return
	}
	for at := &x.heads[all[i].line&uint64(len(x.heads)-1)]; *at != 0; at = &all[*at-1].chain {
		if *at == i+1 {
			*at, all[i].chain = all[i].chain, 0
			x.count--
			return
		}
	}
}

// grow doubles the number of chains.
func (x *lines) grow(all []parked) {
	old := x.heads
	x.heads = make([]int32, max(2*len(old), linesLeast))
	for _, i := range old {
		for i != 0 {
			next := all[i-1].chain
			x.push(all, i-1)
			i = next
		}
	}
}
