// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"math"
	"net/netip"
	"strconv"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2867"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc4372"
	"layeh.com/radius/rfc4818"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// An Accounting-Request holds nothing that depends on the server but its
// Identifier, its authenticator and its Acct-Delay-Time. So its attributes are
// written once, when what they tell of happens, and can be kept as octets until a
// server takes them: appendAccounting makes them, sealAccounting a packet of them.

// What "attributes exclude" calls the messages of accounting. Interim updates are
// as Stops are.
const (
	messageStart = "accounting-start"
	messageStop  = "accounting-stop"
	messageOn    = "accounting-on"
	messageOff   = "accounting-off"
)

// delayAttribute is the octets of Acct-Delay-Time; packets are built with room for it.
const delayAttribute = 6

// accountingMax is the most octets of attributes that an Accounting-Request has.
const accountingMax = packetMax - headerLen - delayAttribute

// appendAccounting appends the attributes of the Accounting-Request for a record
// of a session: all but Acct-Delay-Time.
func appendAccounting(b []byte, host string, r *lns.AccountRecord) ([]byte, error) {
	f, s := &r.Profile.Requests, r.Subscriber
	status, message := rfc2866.AcctStatusType_Value_Stop, messageStop
	switch r.Kind {
	case lns.AccountStart:
		status, message = rfc2866.AcctStatusType_Value_Start, messageStart
	case lns.AccountInterim, lns.AccountCheckpoint:
		status = rfc2866.AcctStatusType_Value_InterimUpdate
	}
	w := writer{b: b, exclude: f.Exclude[message]}
	w.integer("", rfc2866.AcctStatusType_Type, uint32(status))
	name := accountName(f, s)
	if len(name) > attributeMax {
		return b, errUserName
	}
	w.text("", rfc2865.UserName_Type, name)
	w.nas(f, host, s)
	w.identity(f, host, s)
	w.granted(s)
	w.event(r.At)
	authentic := rfc2866.AcctAuthentic_Value_Local
	if s.Source == lns.AuthRadius {
		authentic = rfc2866.AcctAuthentic_Value_RADIUS
	}
	w.integer("acct-authentic", rfc2866.AcctAuthentic_Type, uint32(authentic))
	w.built("acct-tunnel-connection", rfc2867.AcctTunnelConnection_Type, func(b []byte) []byte {
		return strconv.AppendUint(b, uint64(s.Serial), 10)
	})
	if status != rfc2866.AcctStatusType_Value_Start {
		w.usage(r)
	}
	if status == rfc2866.AcctStatusType_Value_Stop {
		w.integer("acct-terminate-cause", rfc2866.AcctTerminateCause_Type, r.Terminate)
	}
	if len(w.b)-len(b) > accountingMax {
		return b, errTooLong
	}
	return w.b, nil
}

// appendAccountingOnOff appends the attributes of an Accounting-On, or -Off: all
// but Acct-Delay-Time.
func appendAccountingOnOff(b []byte, host string, on bool, at time.Time, f *lns.RequestFormat) []byte {
	status, message := rfc2866.AcctStatusType_Value_AccountingOff, messageOff
	if on {
		status, message = rfc2866.AcctStatusType_Value_AccountingOn, messageOn
	}
	w := writer{b: b, exclude: f.Exclude[message]}
	w.integer("", rfc2866.AcctStatusType_Type, uint32(status))
	w.nas(f, host, nil)
	// "An Accounting-Request packet MUST have an Acct-Session-Id." RFC 2866 §5.5
	w.built("acct-session-id", rfc2866.AcctSessionID_Type, func(b []byte) []byte {
		return strconv.AppendInt(b, at.Unix(), 10)
	})
	w.event(at)
	w.integer("acct-authentic", rfc2866.AcctAuthentic_Type, uint32(rfc2866.AcctAuthentic_Value_RADIUS))
	return w.b
}

// sealAccounting appends an Accounting-Request made of attributes. delay is how
// long ago happened what they tell; negative: Acct-Delay-Time is excluded.
//
// It has no Message-Authenticator: "The other attributes added in this document
// must not be present in an Accounting-Request." RFC 2869 §5.19. The Request
// Authenticator covers it all.
func sealAccounting(b []byte, s *signer, id uint8, attributes []byte, delay time.Duration) ([]byte, error) {
	start := len(b)
	w := writer{b: b}
	w.begin(codeAccountingRequest, id)
	w.b = append(w.b, attributes...)
	if delay >= 0 {
		w.integer("", rfc2866.AcctDelayTime_Type, uint32(min(delay/time.Second, math.MaxUint32)))
	}
	packet := writer{b: w.b[start:]}
	if err := packet.finish(); err != nil {
		return b, err
	}
	s.sealRequest(packet.b)
	return w.b, nil
}

// accountingDelay is the delay to give to sealAccounting: negative when
// Acct-Delay-Time is excluded from messages of that kind.
func accountingDelay(f *lns.RequestFormat, k lns.AccountKind, delay time.Duration) time.Duration {
	message := messageStop
	if k == lns.AccountStart {
		message = messageStart
	}
	if withoutDelay(f, message) {
		return -1
	}
	return max(delay, 0)
}

// withoutDelay reports whether Acct-Delay-Time is excluded from a message.
func withoutDelay(f *lns.RequestFormat, message string) bool {
	w := writer{exclude: f.Exclude[message]}
	return !w.has("acct-delay-time")
}

// accountName is the name to account under.
//
// "If the User-Name Attribute is included in the Access-Accept packet, the NAS
// SHOULD use that User-Name in all Accounting-Request packets for this session."
// RFC 2865 §5.1
func accountName(f *lns.RequestFormat, s *lns.Subscriber) string {
	switch {
	case f.UserGiven:
		return s.UserGiven
	case s.Granted != nil && s.Granted.UserName != "":
		return s.Granted.UserName
	}
	return s.User
}

func (w *writer) event(at time.Time) {
	if !at.IsZero() {
		w.integer("event-timestamp", rfc2869.EventTimestamp_Type, uint32(at.Unix()))
	}
}

// granted writes what the subscriber got.
func (w *writer) granted(s *lns.Subscriber) {
	if a := only4(s.Address); a.IsValid() {
		w.address("framed-ip-address", rfc2865.FramedIPAddress_Type, 0, a)
	}
	w.prefix("framed-ipv6-prefix", rfc3162.FramedIPv6Prefix_Type, s.Prefix)
	if s.InterfaceID != [8]byte{} && w.has("framed-interface-id") {
		w.octets(rfc3162.FramedInterfaceID_Type, s.InterfaceID[:])
	}
	g := s.Granted
	if g == nil {
		return
	}
	w.address("framed-ip-netmask", rfc2865.FramedIPNetmask_Type, 0, only4(g.Netmask))
	w.prefix("delegated-ipv6-prefix", rfc4818.DelegatedIPv6Prefix_Type, g.Delegated)
	for i := range g.Routes {
		w.route(&g.Routes[i])
	}
	// "the client MUST send it unmodified to the accounting server" RFC 2865 §5.25
	for _, class := range g.Class {
		if w.has("class") {
			w.octets(rfc2865.Class_Type, class)
		}
	}
	if len(g.ChargeableUserID) > 0 {
		w.octets(rfc4372.ChargeableUserIdentity_Type, g.ChargeableUserID)
	}
}

func (w *writer) route(r *policy.Route) {
	t, gateway := rfc2865.FramedRoute_Type, " 0.0.0.0 "
	if r.Prefix.Addr().Is6() {
		t, gateway = rfc3162.FramedIPv6Route_Type, " :: "
	}
	w.built("framed-ip-route", t, func(b []byte) []byte {
		b = append(r.Prefix.AppendTo(b), gateway...)
		return strconv.AppendUint(b, uint64(r.Metric), 10)
	})
}

// usage writes how much was used. Input is what came from the subscriber.
func (w *writer) usage(r *lns.AccountRecord) {
	w.integer("", rfc2866.AcctSessionTime_Type, uint32(min(max(r.SessionTime, 0)/time.Second, math.MaxUint32)))
	if r.Profile.Accounting != nil && r.Profile.Accounting.TimeOnly {
		return
	}
	c := &r.Counters
	w.integer("", rfc2866.AcctInputOctets_Type, uint32(c.UpBytes))
	w.integer("", rfc2866.AcctOutputOctets_Type, uint32(c.DownBytes))
	w.integer("input-gigawords", rfc2869.AcctInputGigawords_Type, uint32(c.UpBytes>>32))
	w.integer("output-gigawords", rfc2869.AcctOutputGigawords_Type, uint32(c.DownBytes>>32))
	w.integer("", rfc2866.AcctInputPackets_Type, uint32(c.UpPackets))
	w.integer("", rfc2866.AcctOutputPackets_Type, uint32(c.DownPackets))
	w.vendorInteger("", vendorERX, erxInputGigapackets, c.UpPackets>>32)
	w.vendorInteger("", vendorERX, erxOutputGigapackets, c.DownPackets>>32)
}

// only4 is a when it is an IPv4 address, and no address otherwise.
func only4(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is4() {
		return a
	}
	return netip.Addr{}
}
