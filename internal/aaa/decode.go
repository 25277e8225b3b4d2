// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc4372"
	"layeh.com/radius/rfc4818"
	"layeh.com/radius/rfc6911"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// decoder reads the attributes of an Access-Accept or CoA-Request. A value that
// makes no sense ends it: to grant the rest would be to grant something else than
// was meant.
//
// "If an Attribute is received in an Access-Accept, Access-Reject or
// Access-Challenge packet with an invalid length, the packet MUST either be
// treated as an Access-Reject or else silently discarded." RFC 2865 §5
type decoder struct {
	to      *policy.Attributes
	ignore  *lns.IgnoreAttributes // what the profile does not want, by type; nil: nothing
	signer  *signer               // for Tunnel-Password; nil: it is not looked at
	request []byte                // Request Authenticator, likewise
	// skip takes attributes that have been read already: those that identify the
	// session in a CoA-Request; nil: none.
	skip func(t radius.Type, v []byte) bool
}

// decode reads the attributes of a packet that parse has accepted.
func (d *decoder) decode(b []byte) {
	for at := headerLen; at < len(b) && d.to.Malformed == ""; at += int(b[at+1]) {
		t, v := radius.Type(b[at]), b[at+2:at+int(b[at+1])]
		switch {
		case d.skip != nil && d.skip(t, v):
		case d.ignore != nil && slices.Contains(d.ignore.Standard, uint8(t)):
			d.ignored(typeName(t))
		case t == rfc2865.VendorSpecific_Type:
			d.vendorSpecific(v)
		case !d.standard(t, v):
			d.to.Malformed = typeName(t)
		}
	}
	d.settle()
}

// settle does what can only be done when all is read.
func (d *decoder) settle() {
	slices.SortStableFunc(d.to.Tunnels, func(a, b policy.Tunnel) int { return int(a.Tag) - int(b.Tag) })
}

// ignored notes what is not acted upon.
func (d *decoder) ignored(name string) { d.to.Ignored = append(d.to.Ignored, name) }

// standard reads one attribute that is no vendor's; false: its value makes no sense.
func (d *decoder) standard(t radius.Type, v []byte) bool {
	to := d.to
	switch t {
	case rfc2865.UserName_Type:
		to.UserName = string(v)
	case rfc2865.ReplyMessage_Type:
		to.ReplyMessage = joinLines(to.ReplyMessage, string(v))
	case rfc2865.Class_Type:
		to.Class = append(to.Class, bytes.Clone(v))
	case rfc4372.ChargeableUserIdentity_Type:
		to.ChargeableUserID = bytes.Clone(v)
	case rfc2865.FilterID_Type:
		to.Filters = append(to.Filters, string(v))
	case rfc2865.ServiceType_Type:
		// "MUST treat unknown or unsupported Service-Types as though an
		// Access-Reject had been received instead." RFC 2865 §5.6
		return integerIs(v, uint32(rfc2865.ServiceType_Value_FramedUser))
	case rfc2865.FramedProtocol_Type:
		return integerIs(v, uint32(rfc2865.FramedProtocol_Value_PPP))
	case rfc2865.FramedMTU_Type:
		n, ok := integer(v)
		to.MTU = int(n)
		// "Values range from 64 to 65535" RFC 2865 §5.12
		return ok && n >= 64 && n <= 65535
	case rfc2865.SessionTimeout_Type:
		to.HasSessionTimeout = true
		return seconds(v, &to.SessionTimeout)
	case rfc2865.IdleTimeout_Type:
		to.HasIdleTimeout = true
		return seconds(v, &to.IdleTimeout)
	case rfc2869.AcctInterimInterval_Type:
		to.HasInterim = true
		return seconds(v, &to.Interim)
	case rfc2865.TerminationAction_Type:
		n, ok := integer(v)
		to.Terminate = n
		return ok
	case rfc2865.PortLimit_Type:
		n, ok := integer(v)
		to.PortLimit = int(n)
		return ok
	case rfc2869.FramedPool_Type:
		to.Pool = string(v)
	case rfc2868.TunnelType_Type, rfc2868.TunnelMediumType_Type, rfc2868.TunnelClientEndpoint_Type,
		rfc2868.TunnelServerEndpoint_Type, rfc2868.TunnelPassword_Type, rfc2868.TunnelPrivateGroupID_Type,
		rfc2868.TunnelAssignmentID_Type, rfc2868.TunnelPreference_Type, rfc2868.TunnelClientAuthID_Type,
		rfc2868.TunnelServerAuthID_Type:
		return d.tunnel(t, v)
	case rfc2865.State_Type, rfc2865.ProxyState_Type, rfc2869.MessageAuthenticator_Type, rfc2869.EventTimestamp_Type,
		rfc2865.FramedCompression_Type, rfc2865.FramedRouting_Type:
		// Of the exchange, or without meaning here: no compression and no routing is the rule.
	default:
		return d.addressing(t, v)
	}
	return true
}

// addressing reads what gives the subscriber addresses.
func (d *decoder) addressing(t radius.Type, v []byte) bool {
	to := d.to
	switch t {
	case rfc2865.FramedIPAddress_Type:
		return d.framedAddress(v)
	case rfc2865.FramedIPNetmask_Type:
		return address4(v, &to.Netmask)
	case rfc2865.FramedRoute_Type:
		return d.framedRoute(string(v), false)
	case rfc3162.FramedIPv6Route_Type:
		return d.framedRoute(string(v), true)
	case rfc3162.FramedInterfaceID_Type:
		return copy(to.InterfaceID[:], v) == 8 && len(v) == 8
	case rfc3162.FramedIPv6Prefix_Type:
		return d.firstPrefix(&to.PrefixIPv6, "Framed-IPv6-Prefix", v)
	case rfc4818.DelegatedIPv6Prefix_Type:
		return d.firstPrefix(&to.Delegated, "Delegated-IPv6-Prefix", v)
	case rfc3162.FramedIPv6Pool_Type:
		to.PoolIPv6 = string(v)
	case rfc6911.DelegatedIPv6PrefixPool_Type:
		to.PoolDelegated = string(v)
	case rfc6911.StatefulIPv6AddressPool_Type:
		to.PoolAddressIPv6 = string(v)
	case rfc6911.FramedIPv6Address_Type:
		return address6(v, &to.AddressIPv6)
	case rfc6911.DNSServerIPv6Address_Type:
		var a netip.Addr
		ok := address6(v, &a)
		to.DNSIPv6 = append(to.DNSIPv6, a)
		return ok
	default:
		d.ignored(typeName(t))
	}
	return true
}

// framedAddress reads Framed-IP-Address.
//
// "The value 0xFFFFFFFF indicates that the NAS Should allow the user to select an
// address (e.g. Negotiated). The value 0xFFFFFFFE indicates that the NAS should
// select an address for the user" RFC 2865 §5.8
func (d *decoder) framedAddress(v []byte) bool {
	var a netip.Addr
	if !address4(v, &a) {
		return false
	}
	switch binary.BigEndian.Uint32(v) {
	case 0xffffffff:
		d.to.OwnAddress = true
	case 0xfffffffe:
		d.to.AnyAddress = true
	default:
		d.to.Address = a
	}
	return true
}

// firstPrefix reads an IPv6 prefix; there is room for one, and further ones are
// not acted upon.
func (d *decoder) firstPrefix(to *netip.Prefix, name string, v []byte) bool {
	p, ok := prefix6(v)
	switch {
	case !ok:
		return false
	case to.IsValid():
		d.ignored(name)
	default:
		*to = p
	}
	return true
}

// joinLines puts texts that came in several attributes under one another.
func joinLines(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}

func integer(v []byte) (uint32, bool) {
	if len(v) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(v), true
}

func integerIs(v []byte, want uint32) bool {
	n, ok := integer(v)
	return ok && n == want
}

func seconds(v []byte, to *time.Duration) bool {
	n, ok := integer(v)
	*to = time.Duration(n) * time.Second
	return ok
}

func address4(v []byte, to *netip.Addr) bool {
	if len(v) != 4 {
		return false
	}
	*to = netip.AddrFrom4([4]byte(v))
	return true
}

func address6(v []byte, to *netip.Addr) bool {
	if len(v) != 16 {
		return false
	}
	*to = netip.AddrFrom16([16]byte(v))
	return true
}

// prefix6 reads an IPv6 prefix: reserved, length, and as many octets as it takes
// or more (RFC 3162 §2.3).
func prefix6(v []byte) (netip.Prefix, bool) {
	if len(v) < 2 || len(v) > 18 || v[1] > 128 || len(v)-2 < (int(v[1])+7)/8 {
		return netip.Prefix{}, false
	}
	var a [16]byte
	copy(a[:], v[2:])
	p := netip.PrefixFrom(netip.AddrFrom16(a), int(v[1]))
	return p.Masked(), true
}

// typeName names an attribute for the log: as in the dictionary where it means
// something to us, and by its number otherwise.
func typeName(t radius.Type) string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return "attribute " + strconv.Itoa(int(t))
}

// typeNames are the attributes that an answer or a CoA-Request may well have.
var typeNames = map[radius.Type]string{
	rfc2865.UserName_Type: "User-Name", rfc2865.ReplyMessage_Type: "Reply-Message", rfc2865.Class_Type: "Class",
	rfc4372.ChargeableUserIdentity_Type: "Chargeable-User-Identity", rfc2865.FilterID_Type: "Filter-Id",
	rfc2865.ServiceType_Type: "Service-Type", rfc2865.FramedProtocol_Type: "Framed-Protocol", rfc2865.FramedMTU_Type: "Framed-MTU",
	rfc2865.SessionTimeout_Type: "Session-Timeout", rfc2865.IdleTimeout_Type: "Idle-Timeout",
	rfc2869.AcctInterimInterval_Type: "Acct-Interim-Interval", rfc2865.TerminationAction_Type: "Termination-Action",
	rfc2865.PortLimit_Type: "Port-Limit", rfc2869.FramedPool_Type: "Framed-Pool",
	rfc2868.TunnelType_Type: "Tunnel-Type", rfc2868.TunnelMediumType_Type: "Tunnel-Medium-Type",
	rfc2868.TunnelClientEndpoint_Type: "Tunnel-Client-Endpoint", rfc2868.TunnelServerEndpoint_Type: "Tunnel-Server-Endpoint",
	rfc2868.TunnelPassword_Type: "Tunnel-Password", rfc2868.TunnelPrivateGroupID_Type: "Tunnel-Private-Group-Id",
	rfc2868.TunnelAssignmentID_Type: "Tunnel-Assignment-Id", rfc2868.TunnelPreference_Type: "Tunnel-Preference",
	rfc2868.TunnelClientAuthID_Type: "Tunnel-Client-Auth-Id", rfc2868.TunnelServerAuthID_Type: "Tunnel-Server-Auth-Id",
	rfc2865.FramedIPAddress_Type: "Framed-IP-Address", rfc2865.FramedIPNetmask_Type: "Framed-IP-Netmask",
	rfc2865.FramedRoute_Type: "Framed-Route", rfc3162.FramedIPv6Route_Type: "Framed-IPv6-Route",
	rfc3162.FramedInterfaceID_Type: "Framed-Interface-Id", rfc3162.FramedIPv6Prefix_Type: "Framed-IPv6-Prefix",
	rfc4818.DelegatedIPv6Prefix_Type: "Delegated-IPv6-Prefix", rfc3162.FramedIPv6Pool_Type: "Framed-IPv6-Pool",
	rfc6911.DelegatedIPv6PrefixPool_Type: "Delegated-IPv6-Prefix-Pool", rfc6911.StatefulIPv6AddressPool_Type: "Stateful-IPv6-Address-Pool",
	rfc6911.FramedIPv6Address_Type: "Framed-IPv6-Address", rfc6911.DNSServerIPv6Address_Type: "DNS-Server-IPv6-Address",
	rfc6911.RouteIPv6Information_Type: "Route-IPv6-Information", rfc2865.VendorSpecific_Type: "Vendor-Specific",
	rfc2869.EAPMessage_Type: "EAP-Message",
}
