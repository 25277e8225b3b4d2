// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc4372"
	"layeh.com/radius/rfc4818"
	"layeh.com/radius/rfc6911"
	"layeh.com/radius/vendors/microsoft"
	"layeh.com/radius/vendors/mikrotik"
	"layeh.com/radius/vendors/wispr"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// read decodes an Access-Accept.
func read(t testing.TB, ignore *lns.IgnoreAttributes, add func(p *radius.Packet)) *policy.Attributes {
	t.Helper()
	b, err := parse(acceptOf(t, testRandom, add))
	if err != nil {
		t.Fatal(err)
	}
	to := &policy.Attributes{}
	d := decoder{to: to, ignore: ignore, signer: newSigner(testSecret), request: testRandom[:]}
	d.decode(b)
	return to
}

// vsa is a Vendor-Specific attribute.
func vsa(vendor uint32, typ byte, value string) radius.Attribute {
	b := binary.BigEndian.AppendUint32(nil, vendor)
	return append(append(b, typ, byte(2+len(value))), value...)
}

func addr(s string) netip.Addr         { return netip.MustParseAddr(s) }
func cidr(s string) netip.Prefix       { return netip.MustParsePrefix(s) }
func number(n uint32) radius.Attribute { return radius.NewInteger(n) }
func texts(s string) radius.Attribute  { return radius.Attribute(s) }

// routed are attributes with a route, rates with rates.
func routed(to, via string, metric uint32) policy.Attributes {
	r := policy.Route{Prefix: cidr(to), Metric: metric}
	if via != "" {
		r.NextHop = addr(via)
	}
	return policy.Attributes{Routes: []policy.Route{r}}
}

func rates(up, down uint64) policy.Attributes {
	return policy.Attributes{Up: policy.Rate{Bits: up}, Down: policy.Rate{Bits: down}}
}

// octets16 is an IPv6 address as an attribute.
func octets16(s string) radius.Attribute { return addr(s).AsSlice() }

// Each attribute of an Access-Accept becomes the value that it says.
func TestDecode(t *testing.T) {
	type attributes = policy.Attributes
	prefix := func(bits byte, octets ...byte) radius.Attribute { return append([]byte{0, bits}, octets...) }
	for name, c := range map[string]struct {
		t    radius.Type
		v    radius.Attribute
		want attributes
	}{
		"User-Name":                  {rfc2865.UserName_Type, texts("bob"), attributes{UserName: "bob"}},
		"Framed-IP-Address":          {rfc2865.FramedIPAddress_Type, texts("\xc0\x00\x02\x05"), attributes{Address: addr("192.0.2.5")}},
		"the NAS selects":            {rfc2865.FramedIPAddress_Type, texts("\xff\xff\xff\xfe"), attributes{AnyAddress: true}},
		"the user selects":           {rfc2865.FramedIPAddress_Type, texts("\xff\xff\xff\xff"), attributes{OwnAddress: true}},
		"Framed-IP-Netmask":          {rfc2865.FramedIPNetmask_Type, texts("\xff\xff\xff\x00"), attributes{Netmask: addr("255.255.255.0")}},
		"Filter-Id":                  {rfc2865.FilterID_Type, texts("f"), attributes{Filters: []string{"f"}}},
		"Framed-MTU":                 {rfc2865.FramedMTU_Type, number(1400), attributes{MTU: 1400}},
		"Reply-Message":              {rfc2865.ReplyMessage_Type, texts("hi"), attributes{ReplyMessage: "hi"}},
		"Framed-Route":               {rfc2865.FramedRoute_Type, texts("203.0.113.0/24 192.0.2.5 1"), routed("203.0.113.0/24", "192.0.2.5", 1)},
		"Framed-IPv6-Route":          {rfc3162.FramedIPv6Route_Type, texts("2001:db8:f::/48 :: 2"), routed("2001:db8:f::/48", "::", 2)},
		"Class":                      {rfc2865.Class_Type, texts("\x00c"), attributes{Class: [][]byte{[]byte("\x00c")}}},
		"Chargeable-User-Identity":   {rfc4372.ChargeableUserIdentity_Type, texts("c"), attributes{ChargeableUserID: []byte("c")}},
		"Session-Timeout":            {rfc2865.SessionTimeout_Type, number(60), attributes{SessionTimeout: time.Minute, HasSessionTimeout: true}},
		"no Session-Timeout":         {rfc2865.SessionTimeout_Type, number(0), attributes{HasSessionTimeout: true}},
		"Idle-Timeout":               {rfc2865.IdleTimeout_Type, number(60), attributes{IdleTimeout: time.Minute, HasIdleTimeout: true}},
		"Termination-Action":         {rfc2865.TerminationAction_Type, number(1), attributes{Terminate: 1}},
		"Port-Limit":                 {rfc2865.PortLimit_Type, number(2), attributes{PortLimit: 2}},
		"Acct-Interim-Interval":      {rfc2869.AcctInterimInterval_Type, number(600), attributes{Interim: 10 * time.Minute, HasInterim: true}},
		"Framed-Pool":                {rfc2869.FramedPool_Type, texts("p"), attributes{Pool: "p"}},
		"Framed-Interface-Id":        {rfc3162.FramedInterfaceID_Type, texts("\x00\x00\x00\x00\x00\x00\x00\x09"), attributes{InterfaceID: [8]byte{7: 9}}},
		"Framed-IPv6-Prefix":         {rfc3162.FramedIPv6Prefix_Type, prefix(48, octets16("2001:db8::")...), attributes{PrefixIPv6: cidr("2001:db8::/48")}},
		"a prefix cut short":         {rfc3162.FramedIPv6Prefix_Type, prefix(32, 0x20, 1, 0xd, 0xb8), attributes{PrefixIPv6: cidr("2001:db8::/32")}},
		"Framed-IPv6-Pool":           {rfc3162.FramedIPv6Pool_Type, texts("p6"), attributes{PoolIPv6: "p6"}},
		"Delegated-IPv6-Prefix":      {rfc4818.DelegatedIPv6Prefix_Type, prefix(56, 32, 1, 13, 184, 255, 0, 0), attributes{Delegated: cidr("2001:db8:ff00::/56")}},
		"Delegated-IPv6-Prefix-Pool": {rfc6911.DelegatedIPv6PrefixPool_Type, texts("pd"), attributes{PoolDelegated: "pd"}},
		"Stateful-IPv6-Address-Pool": {rfc6911.StatefulIPv6AddressPool_Type, texts("pa"), attributes{PoolAddressIPv6: "pa"}},
		"Framed-IPv6-Address":        {rfc6911.FramedIPv6Address_Type, octets16("2001:db8::5"), attributes{AddressIPv6: addr("2001:db8::5")}},
		"DNS-Server-IPv6-Address":    {rfc6911.DNSServerIPv6Address_Type, octets16("2001:db8::53"), attributes{DNSIPv6: []netip.Addr{addr("2001:db8::53")}}},
		"Service-Type":               {rfc2865.ServiceType_Type, number(2), attributes{}},
		"Framed-Protocol":            {rfc2865.FramedProtocol_Type, number(1), attributes{}},
		"State":                      {rfc2865.State_Type, texts("s"), attributes{}},
		"an unknown attribute":       {250, texts("s"), attributes{Ignored: []string{"attribute 250"}}},
		"an unknown vendor":          {26, vsa(99999, 1, "x"), attributes{Ignored: []string{"vendor 99999"}}},

		"Tunnel-Type":            {rfc2868.TunnelType_Type, texts("\x01\x00\x00\x03"), attributes{Tunnels: []policy.Tunnel{{Tag: 1, Type: 3}}}},
		"Tunnel-Medium-Type":     {rfc2868.TunnelMediumType_Type, texts("\x01\x00\x00\x01"), attributes{Tunnels: []policy.Tunnel{{Tag: 1, Medium: 1}}}},
		"Tunnel-Preference":      {rfc2868.TunnelPreference_Type, texts("\x01\x00\x01\x00"), attributes{Tunnels: []policy.Tunnel{{Tag: 1, Preference: 256}}}},
		"Tunnel-Client-Endpoint": {rfc2868.TunnelClientEndpoint_Type, texts("\x021.2.3.4"), attributes{Tunnels: []policy.Tunnel{{Tag: 2, Client: "1.2.3.4"}}}},
		"an endpoint, no tag":    {rfc2868.TunnelServerEndpoint_Type, texts("192.0.2.1"), attributes{Tunnels: []policy.Tunnel{{Server: "192.0.2.1"}}}},
		"Tunnel-Private-Group":   {rfc2868.TunnelPrivateGroupID_Type, texts("\x00g"), attributes{Tunnels: []policy.Tunnel{{PrivateGroup: "g"}}}},
		"Tunnel-Assignment-Id":   {rfc2868.TunnelAssignmentID_Type, texts("\x00a"), attributes{Tunnels: []policy.Tunnel{{Assignment: "a"}}}},
		"Tunnel-Client-Auth-Id":  {rfc2868.TunnelClientAuthID_Type, texts("\x00c"), attributes{Tunnels: []policy.Tunnel{{ClientAuth: "c"}}}},
		"Tunnel-Server-Auth-Id":  {rfc2868.TunnelServerAuthID_Type, texts("\x00s"), attributes{Tunnels: []policy.Tunnel{{ServerAuth: "s"}}}},

		"MS DNS":           {26, vsa(vendorMicrosoft, 28, "\xc0\x00\x02\x35"), attributes{DNS: [2]netip.Addr{addr("192.0.2.53")}}},
		"MS second DNS":    {26, vsa(vendorMicrosoft, 29, "\xc0\x00\x02\x35"), attributes{DNS: [2]netip.Addr{1: addr("192.0.2.53")}}},
		"MS NBNS":          {26, vsa(vendorMicrosoft, 30, "\xc0\x00\x02\x35"), attributes{NBNS: [2]netip.Addr{addr("192.0.2.53")}}},
		"MS second NBNS":   {26, vsa(vendorMicrosoft, 31, "\xc0\x00\x02\x35"), attributes{NBNS: [2]netip.Addr{1: addr("192.0.2.53")}}},
		"MS-MPPE keys":     {26, vsa(vendorMicrosoft, 16, strings.Repeat("k", 50)), attributes{}},
		"MS unknown":       {26, vsa(vendorMicrosoft, 99, "k"), attributes{Ignored: []string{"attribute 311-99"}}},
		"MS-CHAP-Error":    {26, vsa(vendorMicrosoft, 2, "\x01E=691"), attributes{MSCHAP: "E=691"}},
		"Virtual-Router":   {26, vsa(vendorERX, 1, "vr"), attributes{Instance: "vr"}},
		"ERX pool":         {26, vsa(vendorERX, 2, "p"), attributes{Pool: "p"}},
		"ERX DNS":          {26, vsa(vendorERX, 4, "\xc0\x00\x02\x35"), attributes{DNS: [2]netip.Addr{addr("192.0.2.53")}}},
		"ERX second DNS":   {26, vsa(vendorERX, 5, "\xc0\x00\x02\x35"), attributes{DNS: [2]netip.Addr{1: addr("192.0.2.53")}}},
		"ERX WINS":         {26, vsa(vendorERX, 6, "\xc0\x00\x02\x35"), attributes{NBNS: [2]netip.Addr{addr("192.0.2.53")}}},
		"ERX second WINS":  {26, vsa(vendorERX, 7, "\xc0\x00\x02\x35"), attributes{NBNS: [2]netip.Addr{1: addr("192.0.2.53")}}},
		"ERX ingress":      {26, vsa(vendorERX, 10, "i"), attributes{FiltersIn: []string{"i"}}},
		"ERX egress":       {26, vsa(vendorERX, 11, "e"), attributes{FiltersOut: []string{"e"}}},
		"ERX DNS IPv6":     {26, vsa(vendorERX, 47, string(octets16("2001:db8::53"))), attributes{DNSIPv6: []netip.Addr{addr("2001:db8::53")}}},
		"Service-Activate": {26, vsa(vendorERX, 65, "\x01voice"), attributes{Services: []string{"voice"}}},
		"ERX ND prefix":    {26, vsa(vendorERX, 129, "\x00\x40"+string(octets16("2001:db8:1::"))), attributes{PrefixIPv6: cidr("2001:db8:1::/64")}},
		"ERX ND pool":      {26, vsa(vendorERX, 157, "p6"), attributes{PoolIPv6: "p6"}},
		"ERX PD pool":      {26, vsa(vendorERX, 161, "pd"), attributes{PoolDelegated: "pd"}},
		"ERX shaping":      {26, vsa(vendorERX, 108, "T02 100m"), attributes{Down: policy.Rate{Bits: 100e6}}},
		"ERX scheduler":    {26, vsa(vendorERX, 108, "T01 map"), attributes{Ignored: []string{"CoS-Parameter-Type T01"}}},
		"ERX shaping rate": {26, vsa(vendorERX, 177, "64k"), attributes{Down: policy.Rate{Bits: 64e3}}},
		"ERX unknown":      {26, vsa(vendorERX, 250, "x"), attributes{Ignored: []string{"attribute 4874-250"}}},

		"Cisco pool":       {26, vsa(vendorCisco, 1, "ip:addr-pool=p"), attributes{Pool: "p"}},
		"Cisco route":      {26, vsa(vendorCisco, 1, "ip:route#2=203.0.113.0 255.255.255.240"), routed("203.0.113.0/28", "", 0)},
		"Cisco IPv6 route": {26, vsa(vendorCisco, 1, "ipv6:route#1=2001:db8:9::/48"), attributes{Routes: []policy.Route{{Prefix: cidr("2001:db8:9::/48")}}}},
		"Cisco DNS":        {26, vsa(vendorCisco, 1, "ip:dns-servers=192.0.2.1 192.0.2.2"), attributes{DNS: [2]netip.Addr{addr("192.0.2.1"), addr("192.0.2.2")}}},
		"Cisco WINS":       {26, vsa(vendorCisco, 1, "ip:wins-servers*192.0.2.1"), attributes{NBNS: [2]netip.Addr{addr("192.0.2.1")}}},
		"Cisco VRF":        {26, vsa(vendorCisco, 1, "ip:vrf-id=red"), attributes{Instance: "red"}},
		"Cisco in ACL":     {26, vsa(vendorCisco, 1, "ip:inacl#3=deny"), attributes{FiltersIn: []string{"deny"}}},
		"Cisco out ACL":    {26, vsa(vendorCisco, 1, "ip:outacl=permit"), attributes{FiltersOut: []string{"permit"}}},
		"Cisco rate in": {26, vsa(vendorCisco, 1, "lcp:interface-config#1=rate-limit input 5000000 937500 1875000 conform-action transmit"),
			attributes{Up: policy.Rate{Bits: 5e6, Burst: 937500}}},
		"Cisco rate out":    {26, vsa(vendorCisco, 1, "lcp:interface-config=rate-limit output 10m"), attributes{Down: policy.Rate{Bits: 10e6}}},
		"Cisco other":       {26, vsa(vendorCisco, 1, "lcp:interface-config=ip nat inside"), attributes{Ignored: []string{"Cisco-AVPair lcp:interface-config ip"}}},
		"Cisco unknown":     {26, vsa(vendorCisco, 1, "vpdn:tunnel-password=secret"), attributes{Ignored: []string{"Cisco-AVPair vpdn:tunnel-password"}}},
		"Cisco-Policy-Up":   {26, vsa(vendorCisco, 37, "up"), attributes{FiltersIn: []string{"up"}}},
		"Cisco-Policy-Down": {26, vsa(vendorCisco, 38, "dn"), attributes{FiltersOut: []string{"dn"}}},

		"MikroTik":           {26, vsa(vendorMikroTik, 8, "10M/100M 20M/200M 5M/50M 10/10 8 1M/1M"), rates(10e6, 100e6)},
		"MikroTik, one rate": {26, vsa(vendorMikroTik, 8, "512k"), attributes{Up: policy.Rate{Bits: 512e3}, Down: policy.Rate{Bits: 512e3}}},
		"MikroTik PD pool":   {26, vsa(vendorMikroTik, 22, "pd"), attributes{PoolDelegated: "pd"}},
		"WISPr up":           {26, vsa(vendorWISPr, 7, "\x00\x01\x00\x00"), attributes{Up: policy.Rate{Bits: 65536}}},
		"WISPr down":         {26, vsa(vendorWISPr, 8, "\x00\x01\x00\x00"), attributes{Down: policy.Rate{Bits: 65536}}},
	} {
		got := read(t, nil, func(p *radius.Packet) { p.Add(c.t, c.v) })
		if d := cmp.Diff(&c.want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

// A value that makes no sense is named, whatever else the packet grants.
func TestDecodeMalformed(t *testing.T) {
	for name, c := range map[string]struct {
		t radius.Type
		v radius.Attribute
	}{
		"Framed-IP-Address": {rfc2865.FramedIPAddress_Type, texts("123")}, "Framed-IP-Netmask": {rfc2865.FramedIPNetmask_Type, nil},
		"Framed-MTU": {rfc2865.FramedMTU_Type, number(63)}, "Session-Timeout": {rfc2865.SessionTimeout_Type, texts("60")},
		"Idle-Timeout": {rfc2865.IdleTimeout_Type, nil}, "Port-Limit": {rfc2865.PortLimit_Type, texts("1")},
		"Termination-Action": {rfc2865.TerminationAction_Type, texts("1")}, "Acct-Interim-Interval": {rfc2869.AcctInterimInterval_Type, texts("12345")},
		"Service-Type": {rfc2865.ServiceType_Type, number(5)}, "Framed-Protocol": {rfc2865.FramedProtocol_Type, number(2)},
		"Framed-Interface-Id": {rfc3162.FramedInterfaceID_Type, texts("123456789")}, "Framed-IPv6-Prefix": {rfc3162.FramedIPv6Prefix_Type, texts("\x00\x81")},
		"Delegated-IPv6-Prefix": {rfc4818.DelegatedIPv6Prefix_Type, texts("\x00\x40abc")}, "Framed-IPv6-Address": {rfc6911.FramedIPv6Address_Type, texts("1")},
		"DNS-Server-IPv6-Address": {rfc6911.DNSServerIPv6Address_Type, nil}, "Framed-Route": {rfc2865.FramedRoute_Type, texts("nonsense")},
		"Framed-IPv6-Route": {rfc3162.FramedIPv6Route_Type, texts("192.0.2.0/24")}, "Tunnel-Type": {rfc2868.TunnelType_Type, texts("3")},
		"Tunnel-Client-Endpoint": {rfc2868.TunnelClientEndpoint_Type, nil}, "Tunnel-Password": {rfc2868.TunnelPassword_Type, texts("123")},
		"Vendor-Specific": {26, texts("12")}, "Vendor-Specific of vendor 311": {26, texts("\x00\x00\x01\x37\x1c\x09")},
		"attribute 311-28": {26, vsa(vendorMicrosoft, 28, "1")}, "attribute 4874-4": {26, vsa(vendorERX, 4, "12345")},
		"attribute 4874-108": {26, vsa(vendorERX, 108, "T02 fast")}, "attribute 14988-8": {26, vsa(vendorMikroTik, 8, "x/y")},
		"attribute 9-1": {26, vsa(vendorCisco, 1, "lcp:interface-config=rate-limit sideways 1")}, "attribute 14122-7": {26, vsa(vendorWISPr, 7, "1")},
	} {
		got := read(t, nil, func(p *radius.Packet) { p.Add(c.t, c.v); p.Add(rfc2865.FramedMTU_Type, number(1400)) })
		if got.Malformed != name {
			t.Errorf("%s: named %q", name, got.Malformed)
		}
	}
}

// Several of a kind are kept in their order, and tunnels by their tags.
func TestDecodeSeveral(t *testing.T) {
	got := read(t, nil, func(p *radius.Packet) {
		for _, text := range []string{"one", "two"} {
			p.Add(rfc2865.ReplyMessage_Type, texts(text))
			p.Add(rfc2865.Class_Type, texts(text))
		}
		p.Add(rfc3162.FramedIPv6Prefix_Type, append([]byte{0, 64}, octets16("2001:db8:1::")...))
		p.Add(rfc3162.FramedIPv6Prefix_Type, append([]byte{0, 64}, octets16("2001:db8:2::")...))
		if err := rfc2868.TunnelPassword_Add(p, 2, []byte("hidden")); err != nil {
			t.Fatal(err)
		}
		p.Add(rfc2868.TunnelType_Type, texts("\x01\x00\x00\x03"))
		p.Add(rfc2868.TunnelType_Type, texts("\x02\x00\x00\x03"))
	})
	want := &policy.Attributes{
		ReplyMessage: "one\ntwo", Class: [][]byte{[]byte("one"), []byte("two")}, PrefixIPv6: cidr("2001:db8:1::/64"),
		Ignored: []string{"Framed-IPv6-Prefix"}, Tunnels: []policy.Tunnel{{Tag: 1, Type: 3}, {Tag: 2, Type: 3, Password: "hidden"}},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
		t.Error(d)
	}
}

// What a profile does not want is passed over, even when it makes no sense.
func TestDecodeIgnored(t *testing.T) {
	ignore := &lns.IgnoreAttributes{Standard: []uint8{12}, Vendor: map[uint32][]uint8{vendorERX: {10}, vendorMikroTik: nil}}
	got := read(t, ignore, func(p *radius.Packet) {
		p.Add(rfc2865.FramedMTU_Type, texts("x"))
		p.Add(26, vsa(vendorERX, 10, "in"))
		p.Add(26, vsa(vendorERX, 11, "out"))
		p.Add(26, vsa(vendorMikroTik, 8, "x"))
	})
	want := &policy.Attributes{FiltersOut: []string{"out"}, Ignored: []string{"Framed-MTU", "attribute 4874-10", "attribute 14988-8"}}
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
		t.Error(d)
	}
}

// The packages that write these attributes agree with what is read here.
func TestDecodeAgreesWithTheLibrary(t *testing.T) {
	got := read(t, nil, func(p *radius.Packet) {
		for _, err := range []error{
			microsoft.MSCHAP2Success_AddString(p, "\x09S=0123"), mikrotik.MikrotikRateLimit_AddString(p, "1M/2M"),
			microsoft.MSPrimaryDNSServer_Add(p, []byte{192, 0, 2, 53}), wispr.WISPrBandwidthMaxUp_Add(p, 5e6),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if got.MSCHAP != "S=0123" || got.Down.Bits != 2e6 || got.Up.Bits != 5e6 || got.DNS[0] != addr("192.0.2.53") {
		t.Errorf("%+v", got)
	}
}

func TestParseRoute(t *testing.T) {
	for text, want := range map[string]policy.Route{
		"203.0.113.0/28":                    {Prefix: cidr("203.0.113.0/28")},
		"203.0.113.9/28 0.0.0.0 7 8 9":      {Prefix: cidr("203.0.113.0/28"), NextHop: addr("0.0.0.0"), Metric: 7},
		"203.0.113.0 192.0.2.1 1":           {Prefix: cidr("203.0.113.0/24"), NextHop: addr("192.0.2.1"), Metric: 1},
		"10.0.0.0":                          {Prefix: cidr("10.0.0.0/8")},
		"172.16.0.0":                        {Prefix: cidr("172.16.0.0/16")},
		"10.1.2.0 255.255.255.0 0.0.0.0 4":  {Prefix: cidr("10.1.2.0/24"), NextHop: addr("0.0.0.0"), Metric: 4},
		"203.0.113.7/32 5":                  {Prefix: cidr("203.0.113.7/32"), Metric: 5},
		"2001:db8:9::/48 2001:db8::1 1\x00": {Prefix: cidr("2001:db8:9::/48"), NextHop: addr("2001:db8::1"), Metric: 1},
	} {
		if got, ok := parseRoute(text); !ok || got != want {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", " ", "203.0.113.0/33", "203.0.113.0/24 2001:db8::1", "203.0.113.0/24 0.0.0.0 x", "::ffff:192.0.2.0/120", "fe80::1%eth0"} {
		if got, ok := parseRoute(text); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

// FuzzDecode: whatever a server sends, nothing panics, and what is granted is sane.
func FuzzDecode(f *testing.F) {
	f.Add(acceptOf(f, testRandom, func(p *radius.Packet) {
		p.Add(26, vsa(vendorCisco, 1, "ip:route=1.2.3.4"))
		p.Add(rfc2868.TunnelPassword_Type, texts("\x01\x80\x01aaaaaaaaaaaaaaaa"))
	}))
	f.Add(packetOf(26, 8, 0, 0, 1, 55, 26, 2))
	f.Add(packetOf(97, 4, 0, 128, 22, 5, '1', '/', '1'))
	f.Fuzz(func(t *testing.T, b []byte) {
		b, err := parse(b)
		if err != nil {
			return
		}
		a := &policy.Attributes{}
		d := decoder{to: a, signer: newSigner(testSecret), request: testRandom[:]}
		d.decode(b)
		if a.MTU > 65535 || a.Malformed == "" && a.MTU != 0 && a.MTU < 64 {
			t.Errorf("MTU %d", a.MTU)
		}
		for _, r := range a.Routes {
			if r.Prefix != r.Prefix.Masked() {
				t.Errorf("route %v", r.Prefix)
			}
		}
		if a.Up.Bits > rateMax || a.Down.Bits > rateMax {
			t.Errorf("rates %d, %d", a.Up.Bits, a.Down.Bits)
		}
		m, change := sessionMatch{}, &policy.Attributes{}
		readDynamic(b, &m, change)
		match := m.match()
		if match.Also != nil {
			match.Also(&lns.AAAProfile{}, subscriber())
		}
	})
}
