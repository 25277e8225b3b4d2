// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"net/netip"
	"time"
)

// lacMemory is how long a LAC is remembered after it called last: what was learned
// of its callers' patience serves the next storm, but LACs come and go, and a server
// runs for years. One that has a call parked or in set-up is never forgotten. So
// there are never many more entries than LACs that have called within this time.
const lacMemory = int64(time.Hour)

// gone reports whether a LAC has not called for so long that it is to be forgotten,
// or has been already.
func (l *lac) gone(now int64) bool {
	return l.count == 0 && l.begun == 0 && now-l.calledAt > lacMemory
}

// lacLooks is how many entries are looked at for each one that is taken. With more
// than one, those that are gone are found faster than new LACs come.
const lacLooks = 2

// newLAC makes an entry for a LAC at now, the place of a forgotten one if there is any.
func (q *queue) newLAC(a netip.Addr, now int64) int32 {
	for range min(lacLooks, len(q.lacs)) {
		q.looked = (q.looked + 1) % len(q.lacs)
		l := &q.lacs[q.looked]
		if k, ok := q.lacAt[l.addr]; ok && int(k) == q.looked && l.gone(now) {
			delete(q.lacAt, l.addr)
			q.freeLACs = append(q.freeLACs, k)
		}
	}
	k := int32(len(q.lacs))
	if n := len(q.freeLACs); n > 0 {
		k, q.freeLACs = q.freeLACs[n-1], q.freeLACs[:n-1]
	} else {
		q.lacs = append(q.lacs, lac{})
	}
	q.lacs[k] = lac{list: list{none, none}, addr: a, turn: none}
	q.lacAt[a] = k
	return k
}
