// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"net/netip"
	"sync/atomic"
	"time"

	"holdfast/internal/forward/frame"
)

// How often path MTUs are looked up again, and how soon after datagrams were
// refused. The kernel forgets what routers said after ten minutes (mtu_expires).
const (
	pathInterval = 10 * time.Second
	pathPause    = 100 * time.Millisecond
)

// pathUnknown bounds nothing: the socket will refuse what does not fit.
const pathUnknown = 1<<16 - 1

// path is the way from a gateway to a LAC. What goes to it fits its MTU, or
// would be fragmented outside of the tunnel or, with DF set there, be lost.
type path struct {
	gateway  *gateway
	peer     netip.AddrPort
	mtu      atomic.Int32
	sessions int // under Plane.mu; the path goes with the last
}

type pathKey struct {
	gateway *gateway
	peer    netip.Addr
}

// path finds or makes the path of a session. Callers hold mu.
func (p *Plane) path(g *gateway, peer netip.AddrPort) *path {
	key := pathKey{g, peer.Addr()}
	w := p.paths[key]
	if w == nil {
		w = &path{gateway: g, peer: peer}
		w.mtu.Store(pathUnknown)
		w.look()
		p.paths[key] = w
	}
	w.sessions++
	return w
}

// leave ends a session's use of its path. Callers hold mu.
func (p *Plane) leave(w *path) {
	if w.sessions--; w.sessions == 0 {
		delete(p.paths, pathKey{w.gateway, w.peer.Addr()})
	}
}

// look asks for the path's MTU. While there is no answer the last one stands.
func (w *path) look() {
	probe := w.gateway.probe.Load()
	if probe == nil {
		return
	}
	if mtu, err := (*probe).MTU(w.peer); err == nil {
		w.mtu.Store(int32(min(mtu, pathUnknown)))
	}
}

// watchPaths looks at all paths now and then, and soon after a send was refused.
func (p *Plane) watchPaths() {
	for {
		select {
		case <-p.done:
			return
		case <-p.refused:
		case <-time.After(pathInterval):
		}
		p.mu.Lock()
		list := make([]*path, 0, len(p.paths))
		for _, w := range p.paths {
			list = append(list, w)
		}
		p.mu.Unlock()
		for _, w := range list {
			w.look()
		}
		select {
		case <-p.done:
			return
		case <-time.After(pathPause):
		}
	}
}

// lookSoon asks for another look at the paths.
func (p *Plane) lookSoon() {
	select {
	case p.refused <- struct{}{}:
	default:
	}
}

// limit is the largest inner packet that reaches the subscriber whole.
func (s *session) limit() int {
	return min(int(s.mtu), int(s.path.mtu.Load())-int(s.overhead))
}

// overhead is what the headers around an inner packet take of the path's MTU.
func overhead(e frame.Encapsulation, peer netip.Addr) uint8 {
	n := 20 + 8 + frame.HeaderMax
	if peer.Is6() {
		n += 20
	}
	if e.ACFC {
		n -= 2
	}
	if e.PFC {
		n--
	}
	return uint8(n)
}
