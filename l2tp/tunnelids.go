// SPDX-License-Identifier: Apache-2.0

package l2tp

// pageSize is the number of tunnel ids that share their high octet.
const pageSize = 256

// page holds the tunnels of one bucket, by the low octet of their id.
type page struct {
	used    int
	tunnels [pageSize]*tunnel
}

// tunnel finds a tunnel by its local id; nil when there is none.
func (e *Endpoint) tunnel(id TunnelID) *tunnel {
	if p := e.pages[id>>8]; p != nil {
		return p.tunnels[id&0xff]
	}
	return nil
}

// capacity is how many ids a bucket has: "The value of 0 for (...) Tunnel ID is
// special and MUST NOT be used", RFC 2661 §5.3.
func capacity(bucket uint8) int {
	if bucket == 0 {
		return pageSize - 1
	}
	return pageSize
}

// place gives t a local id: a bucket at random, then one of its free low octets
// at random. False when all buckets are full.
func (e *Endpoint) place(t *tunnel) bool {
	start := e.cfg.Rand.IntN(len(e.buckets))
	for i := range e.buckets {
		b := e.buckets[(start+i)%len(e.buckets)]
		p := e.pages[b]
		if p == nil {
			p = new(page)
			e.pages[b] = p
		}
		free := capacity(b) - p.used
		if free == 0 {
			continue
		}
		nth := e.cfg.Rand.IntN(free)
		for low := range p.tunnels {
			id := TunnelID(b)<<8 | TunnelID(low)
			if id == 0 || p.tunnels[low] != nil {
				continue
			}
			if nth == 0 {
				t.local = id
				p.tunnels[low] = t
				p.used++
				e.counters.Tunnels++
				return true
			}
			nth--
		}
	}
	return false
}

// unplace frees the local id of t.
func (e *Endpoint) unplace(t *tunnel) {
	p := e.pages[t.local>>8]
	p.tunnels[t.local&0xff] = nil
	p.used--
	e.counters.Tunnels--
}

// TunnelAfter is the tunnel with the lowest id above after: with it a listing
// can stop and go on. Closed tunnels that still acknowledge are included.
func (e *Endpoint) TunnelAfter(after TunnelID) (TunnelID, bool) {
	for id := int(after) + 1; id < len(e.pages)*pageSize; id++ {
		p := e.pages[id>>8]
		if p == nil {
			id |= 0xff
			continue
		}
		if p.tunnels[id&0xff] != nil {
			return TunnelID(id), true
		}
	}
	return 0, false
}
