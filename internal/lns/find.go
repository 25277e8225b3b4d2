// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"encoding/binary"

	"holdfast/internal/policy"
	"holdfast/l2tp"
)

// identity is one way in which a server may name a session.
type identity uint8

const (
	byID identity = iota
	byUser
	byGivenName
	byGrantedName
	byAddress
	byPrefix
	byDelegated
	identities
)

// indexKey is what one session, or a few, can be found by.
type indexKey struct {
	by   identity
	hash uint64
}

// links are a session's places in the lists of those that share a key of the
// index: 1 + the neighbour's element; 0: none.
type links struct{ prev, next [identities]uint32 }

// index finds the sessions that a server may name: those with a grant, from
// authorisation to their end. A key leads to the newest of its sessions, which
// leads to the others.
type index map[indexKey]l2tp.Element

// names are the keys under which a session is found, each once; a key without a
// hash is none.
func (e *Engine) names(s *session) (names [identities]uint64) {
	sub := s.grant.sub
	names[byID] = sub.ID
	names[byUser] = nameHash(s.user, "")
	names[byGivenName] = nameHash(sub.UserGiven, s.user)
	if sub.User != sub.UserGiven {
		names[byGrantedName] = nameHash(sub.User, s.user)
	}
	if sub.Address.IsValid() {
		names[byAddress] = bytesHash(sub.Address.AsSlice())
	}
	if sub.Prefix.IsValid() {
		names[byPrefix] = bytesHash(sub.Prefix.Addr().AsSlice())
	}
	if a := s.grant.granted; a != nil && a.Delegated.IsValid() {
		names[byDelegated] = bytesHash(a.Delegated.Masked().Addr().AsSlice())
	}
	return names
}

// nameHash is the hash of a name that says something new.
func nameHash(name, known string) uint64 {
	if name == "" || name == known {
		return 0
	}
	return hashNames(name, "")
}

func bytesHash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for len(b) >= 4 {
		h = (h ^ uint64(binary.BigEndian.Uint32(b))) * 1099511628211
		h ^= h >> 29
		b = b[4:]
	}
	return max(h, 1)
}

// enrol has a session that is authorised found by servers.
func (e *Engine) enrol(s *session) {
	if e.dynamic {
		s.grants()
	}
	if s.grant == nil {
		return
	}
	if s.grant.sub == nil {
		s.grant.sub = e.subscriber(s)
	}
	e.unlist(s)
	e.list(s)
}

// list puts the session into the index.
func (e *Engine) list(s *session) {
	s.grant.listed = true
	for by, hash := range e.names(s) {
		if hash == 0 {
			continue
		}
		k := indexKey{identity(by), hash}
		if first, ok := e.index[k]; ok {
			s.grant.links.next[by] = uint32(first) + 1
			e.sessions.at(first).grant.links.prev[by] = uint32(s.element) + 1
		}
		e.index[k] = s.element
	}
}

// unlist takes it out.
func (e *Engine) unlist(s *session) {
	if s.grant == nil || !s.grant.listed {
		return
	}
	l := &s.grant.links
	for by, hash := range e.names(s) {
		if hash == 0 {
			continue
		}
		prev, next := l.prev[by], l.next[by]
		if next != 0 {
			e.sessions.at(l2tp.Element(next - 1)).grant.links.prev[by] = prev
		}
		k := indexKey{identity(by), hash}
		switch {
		case prev != 0:
			e.sessions.at(l2tp.Element(prev - 1)).grant.links.next[by] = next
		case next != 0:
			e.index[k] = l2tp.Element(next - 1)
		default:
			delete(e.index, k)
		}
	}
	*l, s.grant.listed = links{}, false
}

// candidates visits the sessions that may be those of a match, until visit says
// enough. It reports false when the match gives nothing that the index knows.
func (e *Engine) candidates(m *Match, visit func(*session) bool) bool {
	each := func(by identity, hash uint64) bool {
		el, ok := e.index[indexKey{by, hash}]
		for ok {
			s := e.sessions.at(el)
			if !visit(s) {
				return false
			}
			next := s.grant.links.next[by]
			el, ok = l2tp.Element(next-1), next != 0
		}
		return true
	}
	switch {
	case m.SessionID != 0:
		each(byID, m.SessionID)
	case m.Address.IsValid():
		each(byAddress, bytesHash(m.Address.AsSlice()))
	case m.Prefix.IsValid():
		hash := bytesHash(m.Prefix.Masked().Addr().AsSlice())
		_ = each(byPrefix, hash) && each(byDelegated, hash)
	case m.User != "":
		hash := nameHash(m.User, "")
		_ = each(byUser, hash) && each(byGivenName, hash) && each(byGrantedName, hash)
	default:
		return false
	}
	return true
}

// meant reports whether a session agrees with all that a match gives.
func (s *session) meant(m *Match) bool {
	g := s.grant
	if g == nil || !g.listed || s.cause != causeNone {
		return false
	}
	a := g.granted
	if a == nil {
		a = &policy.Attributes{}
	}
	return (m.SessionID == 0 || m.SessionID == g.sub.ID) &&
		(m.User == "" || m.User == s.user || m.User == g.sub.User || m.User == g.sub.UserGiven) &&
		(!m.Address.IsValid() || m.Address == s.ipv4) &&
		(!m.Prefix.IsValid() || m.Prefix.Masked() == s.ipv6 || m.Prefix.Masked() == a.Delegated.Masked()) &&
		(m.InterfaceID == [8]byte{} || m.InterfaceID == a.InterfaceID) &&
		(m.Also == nil || m.Also(g.aaa, g.sub))
}
