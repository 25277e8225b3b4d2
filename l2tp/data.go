// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"net/netip"
	"time"

	"holdfast/l2tp/wire"
)

const (
	// lateMax is how many late messages in a row, each the successor of the one
	// before, mean that the peer counts anew.
	lateMax = 4
	// missingMax is how far behind the newest a late message may be and still be
	// told from one that comes twice.
	missingMax = 32
)

// handleData takes a data message. Whatever is wrong with it, it is only dropped
// and counted: data may overtake the ICCN (see early.go) and outlive the CDN.
func (e *Endpoint) handleData(now time.Time, peer netip.AddrPort, b []byte, fx *Effects) {
	h, frame, err := wire.ParseDataHeader(b)
	if err != nil {
		e.counters.BadHeader++
		return
	}
	t := e.tunnel(TunnelID(h.TunnelID))
	if t == nil || t.state == TunnelClosed {
		e.counters.UnknownSession++
		return
	}
	el, ok := e.Lookup(t.local, SessionID(h.SessionID))
	if !ok {
		e.counters.UnknownSession++
		return
	}
	if peer != t.remote && !e.moved(now, t, peer, true, fx) {
		e.arm(t)
		return
	}
	t.heardAt = now
	s := e.space.at(el)
	if s.state != SessionEstablished {
		e.counters.EarlyData++
		if !h.Sequenced {
			e.keepEarly(s, frame)
		}
		return
	}
	if e.inOrder(s, &h) {
		e.dataEffect(t, el, s, frame, fx)
	}
}

// dataEffect hands a frame to the owner.
func (e *Endpoint) dataEffect(t *tunnel, el Element, s *session, frame []byte, fx *Effects) {
	e.counters.ReceivedData++
	e.counters.ReceivedDataBytes += uint64(len(frame))
	fx.List = append(fx.List, Effect{
		Kind: Data, Tunnel: t.local, Session: s.local, Element: el, Peer: t.remote, Local: t.near, Packet: fx.copy(frame),
	})
}

// inOrder applies RFC 2661 §5.4 to a received data message; false drops it.
// Frames are never held back. One that others have overtaken is handed over when
// it comes, if it comes soon and has not come before: "IP is tolerant to datagram
// loss and reordering", PPP's own packets have Identifiers, and the loss of one of
// them would cost a Restart timer.
func (e *Endpoint) inOrder(s *session, h *wire.DataHeader) bool {
	if !s.lns && !s.required {
		// "if the LAC receives a data message without sequence numbers present, it MUST
		// stop sending sequence numbers in future data messages. If the LAC receives a
		// data message with sequence numbers present, it MUST begin sending sequence
		// numbers", RFC 2661 §5.4.
		s.sequencing = h.Sequenced
	}
	if !h.Sequenced {
		// "If this AVP is present during session setup, sequence numbers MUST be present
		// at all times", RFC 2661 §5.4.
		if s.required {
			e.counters.MissingSequence++
			return false
		}
		return true
	}
	ahead := h.Ns - s.nr // how many messages have been left out
	if int16(ahead) < 0 {
		if behind := s.nr - 1 - h.Ns; behind < missingMax && s.missing&(1<<behind) != 0 {
			s.missing &^= 1 << behind
			return true
		}
		if h.Ns != s.late+1 {
			s.lates = 0
		}
		s.late = h.Ns
		if s.lates++; s.lates <= lateMax {
			e.counters.LateData++
			return false
		}
		ahead, s.missing = 0, 0
	}
	s.missing = s.missing<<(ahead+1) | (1<<ahead-1)<<1
	s.nr, s.lates = h.Ns+1, 0
	return true
}

// AppendData appends a data header, with Ns when the session is sequenced, and
// frame. It appends nothing when the session is not established.
func (e *Endpoint) AppendData(dst []byte, el Element, frame []byte) []byte {
	s, t := e.live(el)
	if s == nil || s.state != SessionEstablished {
		return dst
	}
	h := wire.DataHeader{TunnelID: uint16(t.peer), SessionID: uint16(s.peer), Sequenced: s.sequencing, Ns: s.ns}
	if s.sequencing {
		s.ns++ // kept when sequencing is switched off: it "picks up where it left off before", RFC 2661 §5.4
	}
	dst = wire.AppendDataHeader(dst, h, len(frame))
	return append(dst, frame...)
}

// SetSequencing is the LNS's right: "The LNS controls enabling and disabling of
// sequence numbers by sending a data message with or without sequence numbers
// present at any time during the life of a session", RFC 2661 §5.4. It does
// nothing on a LAC, or when the LAC requires sequence numbers.
func (e *Endpoint) SetSequencing(el Element, on bool) {
	if s, _ := e.live(el); s != nil && s.lns && !s.required {
		s.sequencing = on
	}
}

// DataHeader says how data of a session is addressed; ok is false when the
// session is not established. Sequenced data has to go through AppendData.
func (e *Endpoint) DataHeader(el Element) (peer, local netip.AddrPort, peerTunnel TunnelID, peerSession SessionID, sequenced, ok bool) {
	s, t := e.live(el)
	if s == nil || s.state != SessionEstablished {
		return
	}
	return t.remote, t.near, t.peer, s.peer, s.sequencing, true
}
