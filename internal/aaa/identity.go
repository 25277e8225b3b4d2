// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"strconv"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2868"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"

	"holdfast/internal/lns"
	"holdfast/l2tp"
)

// nas writes who we are.
//
// "It MUST contain either a NAS-IP-Address attribute or a NAS-Identifier
// attribute (or both)." RFC 2865 §4.1
func (w *writer) nas(f *lns.RequestFormat, host string, s *lns.Subscriber) {
	address := f.NASAddress
	if !address.IsValid() && s != nil {
		address = s.Local.Addr()
	}
	w.address("nas-ip-address", rfc2865.NASIPAddress_Type, rfc3162.NASIPv6Address_Type, address)
	if f.NASIdentifier != "" {
		host = f.NASIdentifier
	}
	if address.IsValid() && w.has("nas-ip-address") {
		w.text("nas-identifier", rfc2865.NASIdentifier_Type, host)
	} else {
		w.text("", rfc2865.NASIdentifier_Type, host) // there is nothing else to know us by
	}
}

// identity writes what every request about a subscriber says: where it is, how
// it came, over which line.
func (w *writer) identity(f *lns.RequestFormat, host string, s *lns.Subscriber) {
	if f.NASIdentifier != "" {
		host = f.NASIdentifier
	}
	w.integer("", rfc2865.ServiceType_Type, uint32(rfc2865.ServiceType_Value_FramedUser))
	w.integer("", rfc2865.FramedProtocol_Type, uint32(rfc2865.FramedProtocol_Value_PPP))
	w.integer("nas-port", rfc2865.NASPort_Type, nasPort(s))
	w.integer("nas-port-type", rfc2865.NASPortType_Type, f.NASPortType)
	w.built("nas-port-id", rfc2869.NASPortID_Type, func(b []byte) []byte { return appendNASPortID(b, f, host, s) })
	w.built("calling-station-id", rfc2865.CallingStationID_Type, func(b []byte) []byte { return appendCallingStation(b, f, host, s) })
	w.text("called-station-id", rfc2865.CalledStationID_Type, s.Called)
	w.built("acct-session-id", rfc2866.AcctSessionID_Type, func(b []byte) []byte { return appendSessionID(b, f, s) })
	w.tunnel(s)
	w.built("connect-info", rfc2869.ConnectInfo_Type, func(b []byte) []byte { return appendConnectInfo(b, s) })
	w.vendorInteger("l2tp-tx-connect-speed", vendorERX, erxTxConnectSpeed, s.TxSpeed)
	w.vendorInteger("l2tp-rx-connect-speed", vendorERX, erxRxConnectSpeed, s.RxSpeed)
	if s.Line != nil && w.has("dsl-forum-attributes") {
		w.line(s.Line)
	}
}

// built appends a text that value appends in place.
func (w *writer) built(name string, t radius.Type, value func(b []byte) []byte) {
	if !w.has(name) {
		return
	}
	at := len(w.b)
	w.b = value(append(w.b, byte(t), 0))
	n := len(w.b) - at
	if n == 2 {
		w.b = w.b[:at]
		return
	}
	n = min(n, 2+attributeMax)
	w.b = w.b[:at+n]
	w.b[at+1] = byte(n)
}

// tunnel writes the L2TP tunnel (RFC 2868, as RFC 2809 and RFC 2867 use it).
func (w *writer) tunnel(s *lns.Subscriber) {
	if !s.Peer.IsValid() {
		return
	}
	medium := rfc2868.TunnelMediumType_Value_IPv4
	if s.Peer.Addr().Unmap().Is6() {
		medium = rfc2868.TunnelMediumType_Value_IPv6
	}
	w.taggedInteger("tunnel-type", rfc2868.TunnelType_Type, uint32(rfc2868.TunnelType_Value_L2TP))
	w.taggedInteger("tunnel-medium-type", rfc2868.TunnelMediumType_Type, uint32(medium))
	w.built("tunnel-client-endpoint", rfc2868.TunnelClientEndpoint_Type, func(b []byte) []byte {
		return s.Peer.Addr().Unmap().AppendTo(append(b, 0))
	})
	w.built("tunnel-server-endpoint", rfc2868.TunnelServerEndpoint_Type, func(b []byte) []byte {
		return s.Local.Addr().Unmap().AppendTo(append(b, 0))
	})
	w.built("tunnel-assignment-id", rfc2868.TunnelAssignmentID_Type, func(b []byte) []byte {
		return strconv.AppendUint(append(b, 0), uint64(s.Tunnel), 10)
	})
	w.taggedText("tunnel-client-auth-id", rfc2868.TunnelClientAuthID_Type, s.LAC)
	w.taggedText("tunnel-server-auth-id", rfc2868.TunnelServerAuthID_Type, s.LNS)
}

// appendConnectInfo is the speeds of the call, the one towards the subscriber first.
func appendConnectInfo(b []byte, s *lns.Subscriber) []byte {
	if s.TxSpeed == 0 {
		return b
	}
	b = strconv.AppendUint(b, s.TxSpeed, 10)
	if s.RxSpeed != 0 && s.RxSpeed != s.TxSpeed {
		b = append(b, '/')
		b = strconv.AppendUint(b, s.RxSpeed, 10)
	}
	return b
}

// line writes what the access node says of the line (RFC 4679), as RFC 5515 has
// brought it.
func (w *writer) line(l *l2tp.Line) {
	w.vendorText("", vendorDSLForum, dslAgentCircuitID, l.AgentCircuitID)
	w.vendorText("", vendorDSLForum, dslAgentRemoteID, l.AgentRemoteID)
	for _, v := range [...]struct {
		t uint8
		v uint64
	}{
		{dslActualUp, l.ActualUp},
		{dslActualDown, l.ActualDown},
		{dslMinimumUp, l.MinimumUp},
		{dslMinimumDown, l.MinimumDown},
		{dslAttainableUp, l.AttainableUp},
		{dslAttainableDown, l.AttainableDown},
		{dslMaximumUp, l.MaximumUp},
		{dslMaximumDown, l.MaximumDown},
		{dslMinimumLowPowerUp, l.MinimumLowPowerUp},
		{dslMinimumLowPowerDown, l.MinimumLowPowerDown},
		{dslDelayMaxUp, uint64(l.DelayMaxUp)},
		{dslDelayUp, uint64(l.DelayUp)},
		{dslDelayMaxDown, uint64(l.DelayMaxDown)},
		{dslDelayDown, uint64(l.DelayDown)},
	} {
		w.vendorInteger("", vendorDSLForum, v.t, v.v)
	}
	if l.Encapsulation != [3]byte{} {
		w.vendorOctets(vendorDSLForum, dslEncapsulation, l.Encapsulation[:])
	}
	if l.Interworked {
		w.vendor(vendorDSLForum, dslInterworking, 0)
	}
}
