// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc4372"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// carryOut does what a CoA- or Disconnect-Request wants: it finds the session and
// has it changed, or ended.
func (d *dynamic) carryOut(b []byte) lns.ErrorCause {
	d.mu.Lock()
	cfg := d.cfg
	d.mu.Unlock()
	m := sessionMatch{host: cfg.host, names: cfg.names, addresses: cfg.addresses}
	kind := lns.ChangeSession
	if b[0] == codeDisconnectRequest {
		kind = lns.DisconnectSession
	}
	change := &policy.Attributes{}
	if cause := readDynamic(b, &m, change); cause != 0 {
		return cause
	}
	ctx, cancel := context.WithTimeout(d.ctx, dynamicTimeout)
	defer cancel()
	found, err := d.find(ctx, m.match())
	if err != nil {
		return lns.ErrorResources
	}
	if cause := lns.DecideFound(len(found), false); cause != 0 {
		return cause
	}
	for _, target := range found {
		c := &lns.Change{Target: target, Attributes: change}
		if err := d.service.opt.Do(ctx, target.Shard, &lns.Request{Kind: kind, Change: c}); err != nil {
			return lns.ErrorResources
		}
		if c.Error != 0 {
			return c.Error
		}
	}
	return 0
}

// foundMax is how many sessions are looked for: one, and one more to know that it
// is not the only one.
const foundMax = 2

// find asks all shards which sessions are meant.
func (d *dynamic) find(ctx context.Context, m *lns.Match) (found []lns.Target, err error) {
	for shard := range d.service.opt.Shards {
		r := &lns.Request{Kind: lns.FindSessions, Match: m, Limit: foundMax}
		for len(found) < foundMax && !r.Done {
			r.Found = nil
			if err := d.service.opt.Do(ctx, shard, r); err != nil {
				return nil, err
			}
			found = append(found, r.Found...)
		}
	}
	return found, nil
}

// sessionMatch is what a request says of the session it is about.
type sessionMatch struct {
	lns.Match
	host      string // ours
	names     []string
	addresses []netip.Addr
	count     int // attributes that identify a session
	written   []writtenAs
	invalid   bool
	foreign   bool // another NAS is meant
	sessionID string
}

// writtenAs is an attribute that is compared with what our requests would say.
type writtenAs struct {
	t radius.Type
	v []byte
}

// identifies takes an attribute that identifies the NAS or the session (RFC 5176
// §3); false: it does not.
func (m *sessionMatch) identifies(t radius.Type, v []byte) bool {
	switch t {
	case rfc2865.NASIPAddress_Type, rfc3162.NASIPv6Address_Type:
		a, ok := netip.AddrFromSlice(v)
		m.foreign = m.foreign || !ok || !contains(m.addresses, a)
		return true
	case rfc2865.NASIdentifier_Type:
		m.foreign = m.foreign || !contains(m.names, string(v))
		return true
	case rfc2865.UserName_Type:
		m.User = string(v)
	case rfc2866.AcctSessionID_Type:
		id, ok := parseSessionID(string(v))
		m.SessionID, m.sessionID = id, string(v)
		if !ok {
			m.SessionID = ^uint64(0) // of no session
		}
	case rfc2865.FramedIPAddress_Type:
		m.invalid = m.invalid || !address4(v, &m.Address)
	case rfc3162.FramedIPv6Prefix_Type:
		p, ok := prefix6(v)
		m.Prefix, m.invalid = p, m.invalid || !ok
	case rfc3162.FramedInterfaceID_Type:
		m.invalid = m.invalid || copy(m.InterfaceID[:], v) != 8 || len(v) != 8
	case rfc2865.NASPort_Type, rfc2869.NASPortID_Type, rfc2865.CallingStationID_Type, rfc2865.CalledStationID_Type,
		rfc2866.AcctMultiSessionID_Type, rfc4372.ChargeableUserIdentity_Type:
		m.written = append(m.written, writtenAs{t, bytes.Clone(v)})
	default:
		return false
	}
	m.count++
	return true
}

// match is the question to the shards.
func (m *sessionMatch) match() *lns.Match {
	if len(m.written) > 0 || m.sessionID != "" {
		host, written, id := m.host, m.written, m.sessionID
		m.Also = func(a *lns.AAAProfile, s *lns.Subscriber) bool {
			if id != "" && a.Requests.SessionIDStrict && id != string(appendSessionID(nil, &a.Requests, s)) {
				return false
			}
			for _, w := range written {
				if !sameAsWritten(&w, host, &a.Requests, s) {
					return false
				}
			}
			return true
		}
	}
	return &m.Match
}

// sameAsWritten compares an attribute with what our requests say of a session.
func sameAsWritten(w *writtenAs, host string, f *lns.RequestFormat, s *lns.Subscriber) bool {
	if f.NASIdentifier != "" {
		host = f.NASIdentifier
	}
	var room [attributeMax]byte
	switch w.t {
	case rfc2865.NASPort_Type:
		return len(w.v) == 4 && binary.BigEndian.Uint32(w.v) == nasPort(s)
	case rfc2869.NASPortID_Type:
		return bytes.Equal(w.v, appendNASPortID(room[:0], f, host, s))
	case rfc2865.CallingStationID_Type:
		return bytes.Equal(w.v, appendCallingStation(room[:0], f, host, s))
	case rfc2865.CalledStationID_Type:
		return string(w.v) == s.Called
	case rfc4372.ChargeableUserIdentity_Type:
		return s.Granted != nil && bytes.Equal(w.v, s.Granted.ChargeableUserID)
	}
	return false // Acct-Multi-Session-Id, which no session has
}

// readDynamic reads a request: what identifies the session into m, the rest into
// change.
func readDynamic(b []byte, m *sessionMatch, change *policy.Attributes) lns.ErrorCause {
	authorizeOnly, more := false, false
	each(b, func(t byte, v []byte) {
		if !m.identifies(radius.Type(t), v) {
			more = more || !disconnects(radius.Type(t))
		}
		if radius.Type(t) == rfc2865.ServiceType_Type {
			// "Authorize Only" would have us ask the server again (RFC 5176 §3.2).
			authorizeOnly = authorizeOnly || !integerIs(v, uint32(rfc2865.ServiceType_Value_FramedUser))
		}
	})
	d := decoder{to: change, skip: func(t radius.Type, v []byte) bool {
		return t == rfc2866.AcctTerminateCause_Type || t == rfc2865.NASPortType_Type || (&sessionMatch{}).identifies(t, v)
	}}
	d.decode(b)
	switch {
	case m.foreign:
		return lns.ErrorNASMismatch
	case authorizeOnly:
		return lns.ErrorUnsupportedService
	case m.count == 0:
		return lns.ErrorMissingAttribute
	case b[0] == codeDisconnectRequest && more:
		return lns.ErrorUnsupportedAttribute
	case m.invalid || change.Malformed != "":
		return lns.ErrorInvalidAttribute
	case b[0] == codeCoARequest && len(change.Ignored) > 0:
		// To do the rest would be to say yes to what is not done.
		return lns.ErrorUnsupportedAttribute
	}
	return 0
}

// disconnects are the attributes that a Disconnect-Request may have beside those
// that identify: "A Disconnect-Request MUST contain only NAS and session
// identification attributes." RFC 5176 §3. Its table allows a few more.
func disconnects(t radius.Type) bool {
	switch t {
	case rfc2865.ReplyMessage_Type, rfc2865.Class_Type, rfc2865.ProxyState_Type, rfc2866.AcctTerminateCause_Type,
		rfc2869.EventTimestamp_Type, rfc2869.MessageAuthenticator_Type:
		return true
	}
	return false
}

func contains[T comparable](list []T, v T) bool {
	for _, have := range list {
		if have == v {
			return true
		}
	}
	return false
}
