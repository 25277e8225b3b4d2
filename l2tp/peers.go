// SPDX-License-Identifier: Apache-2.0

package l2tp

// peers finds sessions by their tunnel and the peer's Assigned Session ID, by
// which a peer names calls that it has not heard of us for. The chains run through
// the sessions themselves.
type peers struct {
	heads []Element // a power of two of them: 1 + the first session; 0: none
	shift uint      // 32 less the logarithm of len(heads)
	count int
}

// peersBits is the logarithm of the number of chains at first.
const peersBits = 8

func (p *peers) head(tunnel TunnelID, id SessionID) *Element {
	return &p.heads[(uint32(tunnel)<<16|uint32(id))*0x9e3779b1>>p.shift]
}

// byPeer is the session of a tunnel to which the peer has given id, the newest if
// there are several.
func (s *space) byPeer(tunnel TunnelID, id SessionID) (Element, bool) {
	if s.peers.count == 0 {
		return 0, false
	}
	for el := *s.peers.head(tunnel, id); el != 0; {
		x := s.at(el - 1)
		if x.peer == id && x.tunnel == tunnel {
			return el - 1, true
		}
		el = x.chain
	}
	return 0, false
}

// knowPeer notes the peer's Assigned Session ID of a session in use.
func (s *space) knowPeer(el Element, id SessionID) {
	x := s.at(el)
	if x.peer != 0 {
		s.forgetPeer(el)
	}
	if x.peer = id; id == 0 {
		return
	}
	if p := &s.peers; p.count == len(p.heads) {
		s.growPeers()
	}
	s.pushPeer(el)
	s.peers.count++
}

func (s *space) pushPeer(el Element) {
	x := s.at(el)
	head := s.peers.head(x.tunnel, x.peer)
	x.chain, *head = *head, el+1
}

// forgetPeer takes a session out of the table.
func (s *space) forgetPeer(el Element) {
	x := s.at(el)
	for at := s.peers.head(x.tunnel, x.peer); *at != 0; at = &s.at(*at - 1).chain {
		if *at == el+1 {
			*at, x.chain = x.chain, 0
			s.peers.count--
			return
		}
	}
}

// growPeers doubles the number of chains.
func (s *space) growPeers() {
	old := s.peers.heads
	bits := uint(peersBits)
	if len(old) > 0 {
		bits = 33 - s.peers.shift
	}
	s.peers.heads, s.peers.shift = make([]Element, 1<<bits), 32-bits
	for _, el := range old {
		for el != 0 {
			next := s.at(el - 1).chain
			s.pushPeer(el - 1)
			el = next
		}
	}
}
