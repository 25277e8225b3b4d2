// SPDX-License-Identifier: Apache-2.0

package directory

// Lines says which session each subscriber line has: the newest. A line is known
// by a hash, so that a million of them cost a few tens of octets each.
type Lines map[uint64]Holder

// Take gives the line to a session and returns the one that had it.
func (l Lines) Take(line uint64, h Holder) (had Holder, ok bool) {
	had, ok = l[line]
	l[line] = h
	return had, ok && had != h
}

// Leave forgets the line, if the session still has it.
func (l Lines) Leave(line uint64, h Holder) {
	if l[line] == h {
		delete(l, line)
	}
}

// LineHome is the shard that keeps a line.
func LineHome(line uint64, shards int) int { return int(line % uint64(shards)) }
