// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"strconv"
	"strings"

	"holdfast/internal/lns"
)

// Parts of nas-port-id-format and calling-station-id-format, as configured.
const (
	partCircuitID = "agent-circuit-id"
	partRemoteID  = "agent-remote-id"
	partInterface = "interface-description"
	partNAS       = "nas-identifier"
	partCalling   = "calling-number"
	partCalled    = "called-number"
	partLAC       = "lac-name"

	sessionIDPrefix = "holdfast "
)

// appendInterface appends the name of a session's logical interface.
func appendInterface(b []byte, s *lns.Subscriber) []byte {
	if s.Interface == "" {
		return b
	}
	b = append(b, s.Interface...)
	b = append(b, '.')
	return strconv.AppendUint(b, uint64(s.Unit), 10)
}

// appendPart appends one part of a format.
func appendPart(b []byte, part, host string, s *lns.Subscriber) []byte {
	switch part {
	case partCircuitID:
		if s.Line != nil {
			b = append(b, s.Line.AgentCircuitID...)
		}
	case partRemoteID:
		if s.Line != nil {
			b = append(b, s.Line.AgentRemoteID...)
		}
	case partInterface:
		b = appendInterface(b, s)
	case partNAS:
		b = append(b, host...)
	case partCalling:
		b = append(b, s.Calling...)
	case partCalled:
		b = append(b, s.Called...)
	case partLAC:
		b = append(b, s.LAC...)
	}
	return b
}

// appendFormat joins parts, without those that the call has not told.
func appendFormat(b []byte, parts []string, delimiter, host string, s *lns.Subscriber) []byte {
	start := len(b)
	for _, part := range parts {
		at := len(b)
		if at > start {
			b = append(b, delimiter...)
		}
		from := len(b)
		if b = appendPart(b, part, host, s); len(b) == from {
			b = b[:at]
		}
	}
	return b
}

// appendNASPortID is NAS-Port-Id.
func appendNASPortID(b []byte, f *lns.RequestFormat, host string, s *lns.Subscriber) []byte {
	if len(f.NASPortID) == 0 {
		return appendInterface(b, s)
	}
	return appendFormat(b, f.NASPortID, f.NASPortDelimiter, host, s)
}

// appendCallingStation is Calling-Station-Id.
func appendCallingStation(b []byte, f *lns.RequestFormat, host string, s *lns.Subscriber) []byte {
	if len(f.CallingStation) == 0 {
		return append(b, s.Calling...)
	}
	return appendFormat(b, f.CallingStation, f.CallingDelimiter, host, s)
}

// appendSessionID is Acct-Session-Id: the session's number, alone or after its
// logical interface.
func appendSessionID(b []byte, f *lns.RequestFormat, s *lns.Subscriber) []byte {
	if !f.SessionIDDecimal {
		b = append(b, sessionIDPrefix...)
		b = appendInterface(b, s)
		b = append(b, ':')
	}
	return strconv.AppendUint(b, s.ID, 10)
}

// parseSessionID reads the number out of either form. "accounting-session-id-strict"
// takes the form that the session's own requests have; see appendSessionID.
func parseSessionID(s string) (uint64, bool) {
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	id, err := strconv.ParseUint(s, 10, 64)
	return id, err == nil && id != 0
}

// nasPort is NAS-Port: our ids of tunnel and session, which no two sessions have
// at once.
func nasPort(s *lns.Subscriber) uint32 { return uint32(s.Tunnel)<<16 | uint32(s.Session) }
