// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"iter"
	"net/netip"
	"time"
)

// Tunnel is a copy of a tunnel's state.
func (e *Endpoint) Tunnel(id TunnelID) (TunnelInfo, bool) {
	t := e.tunnel(id)
	if t == nil {
		return TunnelInfo{}, false
	}
	x := &t.xmit
	return TunnelInfo{
		LocalTunnelID: t.local, PeerTunnelID: t.peer, State: t.state, Initiator: t.initiator, Peer: t.remote, Local: t.near,
		HostName: t.hostName, VendorName: t.vendorName, FirmwareRevision: t.firmware,
		FramingCapabilities: t.framing, BearerCapabilities: t.bearer,
		PeerWindow: int(x.peerWindow), CongestionWindow: int(x.cwnd), Ns: x.ns, Nr: x.nr,
		Unacknowledged: int(x.sent - x.una), Queued: int(x.ns - x.sent), Held: int(x.heldCount),
		Sessions: t.calls.count, CreatedAt: t.createdAt, EstablishedAt: t.establishedAt, HeardAt: t.heardAt,
		Config: t.cfg, Counters: t.counters,
	}, true
}

// Standing is what tells the datagrams of an established tunnel from others: where
// its peer is, the Ns that is expected next, and how many messages from there on
// are taken. ok is false for a tunnel that is not established.
func (e *Endpoint) Standing(id TunnelID) (peer netip.AddrPort, nr uint16, window int, ok bool) {
	if t := e.tunnel(id); t != nil && t.state == TunnelEstablished {
		return t.remote, t.xmit.nr, t.cfg.receiveWindow(), true
	}
	return peer, 0, 0, false
}

// Peer is who is at the other end of a tunnel; zero for a tunnel that does not exist.
func (e *Endpoint) Peer(id TunnelID) (at netip.AddrPort, hostName string) {
	if t := e.tunnel(id); t != nil {
		return t.remote, t.hostName
	}
	return at, ""
}

// Call is what the messages have said of a call; nil when there is none. It is
// shared, not to be changed, and stays as it is until the first Flush after its
// CallDown.
func (e *Endpoint) Call(el Element) *Call {
	if s, _ := e.live(el); s != nil {
		return s.call
	}
	return nil
}

// NextNs is the sequence number of the next message that is queued in a tunnel,
// and of the next one that leaves: the same unless some wait for the window.
func (e *Endpoint) NextNs(id TunnelID) (queued, unsent uint16) {
	if t := e.tunnel(id); t != nil {
		return t.xmit.ns, t.xmit.high
	}
	return 0, 0
}

// Session is a copy of a session's state; ok is false when there is no call.
func (e *Endpoint) Session(el Element) (SessionInfo, bool) {
	s, t := e.live(el)
	if s == nil {
		return SessionInfo{}, false
	}
	info := SessionInfo{
		Element: el, LocalTunnelID: t.local, PeerTunnelID: t.peer, LocalSessionID: s.local, PeerSessionID: s.peer,
		State: s.state, LNS: s.lns, Sequencing: s.sequencing, Call: s.call,
	}
	if s.errors != nil {
		info.LineErrors = *s.errors
	}
	return info, true
}

// Lookup finds a session by its local ids, with arithmetic alone.
func (e *Endpoint) Lookup(tid TunnelID, sid SessionID) (Element, bool) {
	t := e.tunnel(tid)
	if t == nil {
		return 0, false
	}
	el := t.calls.element(sid)
	if el == noElement || e.space.at(el).state == SessionFree {
		return 0, false
	}
	return el, true
}

// Sessions yields the sessions of a tunnel, in any state, in the order of their
// elements within it. Calls may be closed meanwhile.
func (e *Endpoint) Sessions(id TunnelID) iter.Seq[Element] {
	return func(yield func(Element) bool) {
		t := e.tunnel(id)
		if t == nil {
			return
		}
		left := t.calls.count
		for k, base := range t.calls.extents {
			for i := range Element(extentMin << extentKind(k)) {
				if left == 0 {
					return
				}
				if e.space.at(base+i).state == SessionFree {
					continue
				}
				left--
				if !yield(base + i) {
					return
				}
			}
		}
	}
}

// SessionAfter is the first session of a tunnel that Sessions would yield behind
// after; with start set it is the very first. With it a listing can stop and go
// on in another call.
func (e *Endpoint) SessionAfter(id TunnelID, after Element, start bool) (Element, bool) {
	t := e.tunnel(id)
	if t == nil {
		return 0, false
	}
	for k, base := range t.calls.extents {
		size := Element(extentMin << extentKind(k))
		i := Element(0)
		if !start {
			if after < base || after >= base+size {
				continue
			}
			start, i = true, after-base+1
		}
		for ; i < size; i++ {
			if e.space.at(base+i).state != SessionFree {
				return base + i, true
			}
		}
	}
	return 0, false
}

// Returned is how long ago the last control datagram came in a tunnel after none had
// come for five seconds. ok is false for a tunnel that does not exist.
func (e *Endpoint) Returned(now time.Time, id TunnelID) (ago time.Duration, ok bool) {
	if t := e.tunnel(id); t != nil {
		return time.Duration(e.milliseconds(now)-t.returnedAt) * time.Millisecond, true
	}
	return 0, false
}

// HeardAt is when the peer of a tunnel was heard last, by anything: control, a
// ZLB, data. Zero for a tunnel that does not exist.
func (e *Endpoint) HeardAt(id TunnelID) time.Time {
	if t := e.tunnel(id); t != nil {
		return t.heardAt
	}
	return time.Time{}
}
