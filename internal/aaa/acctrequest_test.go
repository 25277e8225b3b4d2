// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2867"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc4372"
	"layeh.com/radius/rfc4818"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// record is one of a session that has used much.
func record(k lns.AccountKind, f lns.RequestFormat) *lns.AccountRecord {
	s := subscriber()
	s.Address, s.Prefix, s.InterfaceID = netip.MustParseAddr("100.64.0.9"), netip.MustParsePrefix("2001:db8:1:2::/64"), [8]byte{0, 0, 0, 0, 0, 0, 0, 7}
	s.Granted = &policy.Attributes{
		UserName: "alice.0815", Class: [][]byte{{1, 2}, {3}}, ChargeableUserID: []byte("cui"), Netmask: netip.MustParseAddr("255.255.255.255"),
		Delegated: netip.MustParsePrefix("2001:db8:ff00::/56"), Routes: []policy.Route{{Prefix: netip.MustParsePrefix("203.0.113.0/28"), Metric: 3}},
	}
	return &lns.AccountRecord{
		Kind: k, Profile: &lns.AAAProfile{Name: "p", Requests: f, Accounting: &lns.Accounting{}}, Subscriber: s,
		At: simulated, SessionTime: 90*time.Second + 400*time.Millisecond, Terminate: 4,
		Counters: forward.Counters{UpBytes: 5<<32 + 7, DownBytes: 9<<32 + 8, UpPackets: 1<<32 + 3, DownPackets: 4},
	}
}

// accounting encodes r as sent after delay, as a server would read it.
func accounting(t *testing.T, r *lns.AccountRecord, delay time.Duration) *radius.Packet {
	t.Helper()
	attributes, err := appendAccounting(nil, "lns1.example.net", r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sealAccounting(nil, newSigner(testSecret), 3, attributes, accountingDelay(&r.Profile.Requests, r.Kind, delay))
	if err != nil {
		t.Fatal(err)
	}
	if !radius.IsAuthenticRequest(b, []byte(testSecret)) {
		t.Error("wrong Request Authenticator")
	}
	p, err := radius.Parse(b, []byte(testSecret))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAccountingStop(t *testing.T) {
	p := accounting(t, record(lns.AccountStop, lns.RequestFormat{SessionIDDecimal: true}), 75*time.Second)
	integers := map[radius.Type]uint32{
		rfc2866.AcctStatusType_Type: 2, rfc2866.AcctDelayTime_Type: 75, rfc2866.AcctAuthentic_Type: 1, rfc2866.AcctSessionTime_Type: 90,
		rfc2866.AcctTerminateCause_Type: 4, rfc2869.EventTimestamp_Type: uint32(simulated.Unix()),
		rfc2866.AcctInputOctets_Type: 7, rfc2869.AcctInputGigawords_Type: 5, rfc2866.AcctOutputOctets_Type: 8, rfc2869.AcctOutputGigawords_Type: 9,
		rfc2866.AcctInputPackets_Type: 3, rfc2866.AcctOutputPackets_Type: 4,
	}
	for typ, want := range integers {
		if got := p.Get(typ); !bytes.Equal(got, radius.NewInteger(want)) {
			t.Errorf("attribute %d: %x, want %d", typ, got, want)
		}
	}
	for typ, want := range map[radius.Type]string{
		rfc2865.UserName_Type: "alice.0815", rfc2866.AcctSessionID_Type: "4711", rfc2865.FramedIPAddress_Type: "\x64\x40\x00\x09",
		rfc2865.FramedIPNetmask_Type: "\xff\xff\xff\xff", rfc2865.FramedRoute_Type: "203.0.113.0/28 0.0.0.0 3",
		rfc3162.FramedInterfaceID_Type: "\x00\x00\x00\x00\x00\x00\x00\x07", rfc4372.ChargeableUserIdentity_Type: "cui",
		rfc2867.AcctTunnelConnection_Type: "77",
	} {
		hasText(t, p, typ, want)
	}
	if got, err := radius.IPv6Prefix(p.Get(rfc3162.FramedIPv6Prefix_Type)); err != nil || got.String() != "2001:db8:1:2::/64" {
		t.Errorf("Framed-IPv6-Prefix %v, %v", got, err)
	}
	if got, err := radius.IPv6Prefix(p.Get(rfc4818.DelegatedIPv6Prefix_Type)); err != nil || got.String() != "2001:db8:ff00::/56" {
		t.Errorf("Delegated-IPv6-Prefix %v, %v", got, err)
	}
	classes, err := rfc2865.Class_Gets(p)
	if err != nil || !slices.EqualFunc(classes, [][]byte{{1, 2}, {3}}, bytes.Equal) {
		t.Errorf("Class %v, %v", classes, err)
	}
	if got := vendorValue(p, vendorERX, erxInputGigapackets); !bytes.Equal(got, radius.NewInteger(1)) {
		t.Errorf("Input-Gigapkts %x", got)
	}
	if _, ok := p.Lookup(rfc2869.MessageAuthenticator_Type); ok {
		t.Error("Message-Authenticator in an Accounting-Request")
	}
}

// Each kind of record says what it is, and no more than is true of it.
func TestAccountingKinds(t *testing.T) {
	for kind, want := range map[lns.AccountKind]struct {
		status       uint32
		usage, cause bool
	}{
		lns.AccountStart: {1, false, false}, lns.AccountInterim: {3, true, false},
		lns.AccountStop: {2, true, true}, lns.AccountFailed: {2, true, true},
	} {
		p := accounting(t, record(kind, lns.RequestFormat{}), 0)
		_, usage := p.Lookup(rfc2866.AcctInputOctets_Type)
		_, cause := p.Lookup(rfc2866.AcctTerminateCause_Type)
		status, _ := radius.Integer(p.Get(rfc2866.AcctStatusType_Type))
		if status != want.status || usage != want.usage || cause != want.cause {
			t.Errorf("kind %d: status %d, usage %v, cause %v", kind, status, usage, cause)
		}
	}
	r := record(lns.AccountStop, lns.RequestFormat{UserGiven: true})
	r.Profile.Accounting.TimeOnly, r.Subscriber.Source = true, lns.AuthPassword
	p := accounting(t, r, -time.Second)
	hasText(t, p, rfc2865.UserName_Type, "alice@example.net")
	hasText(t, p, rfc2866.AcctInputOctets_Type, "")
	hasText(t, p, rfc2866.AcctAuthentic_Type, "\x00\x00\x00\x02")
	hasText(t, p, rfc2866.AcctDelayTime_Type, "\x00\x00\x00\x00")
	r.Subscriber.Granted = nil
	r.Profile.Requests.UserGiven = false
	hasText(t, accounting(t, r, 0), rfc2865.UserName_Type, "alice")
}

func TestAccountingExcluded(t *testing.T) {
	stop := []string{"acct-authentic", "acct-delay-time", "event-timestamp", "acct-terminate-cause", "input-gigawords", "output-gigawords",
		"class", "delegated-ipv6-prefix", "framed-interface-id", "framed-ip-address", "framed-ip-netmask", "framed-ip-route",
		"framed-ipv6-prefix", "acct-tunnel-connection"}
	all := accounting(t, record(lns.AccountStop, lns.RequestFormat{}), 0)
	for _, name := range stop {
		f := lns.RequestFormat{Exclude: map[string][]string{"accounting-stop": {name}}}
		want := 1
		if name == "class" {
			want = 2
		}
		if gone := len(all.Attributes) - len(accounting(t, record(lns.AccountStop, f), 0).Attributes); gone != want {
			t.Errorf("%s excluded: %d attributes less", name, gone)
		}
	}
}

func TestAccountingOnOff(t *testing.T) {
	f := &lns.RequestFormat{NASAddress: netip.MustParseAddr("192.0.2.1")}
	for on, want := range map[bool]string{true: "\x00\x00\x00\x07", false: "\x00\x00\x00\x08"} {
		b, err := sealAccounting(nil, newSigner(testSecret), 1, appendAccountingOnOff(nil, "lns1", on, simulated, f), 0)
		if err != nil || !radius.IsAuthenticRequest(b, []byte(testSecret)) {
			t.Fatalf("%v", err)
		}
		p, err := radius.Parse(b, []byte(testSecret))
		if err != nil {
			t.Fatal(err)
		}
		hasText(t, p, rfc2866.AcctStatusType_Type, want)
		hasText(t, p, rfc2865.NASIdentifier_Type, "lns1")
		hasText(t, p, rfc2865.NASIPAddress_Type, "\xc0\x00\x02\x01")
	}
	all := appendAccountingOnOff(nil, "lns1", true, simulated, f)
	f.Exclude = map[string][]string{"accounting-on": {"event-timestamp"}}
	if n := len(all) - len(appendAccountingOnOff(nil, "lns1", true, simulated, f)); n != 6 {
		t.Errorf("%d octets less without Event-Timestamp", n)
	}
}

// A Class that fills the packet is an error, not a packet that no server takes.
func TestAccountingTooLong(t *testing.T) {
	r := record(lns.AccountStop, lns.RequestFormat{})
	for range 20 {
		r.Subscriber.Granted.Class = append(r.Subscriber.Granted.Class, make([]byte, 253))
	}
	if _, err := appendAccounting(nil, "h", r); !errors.Is(err, errTooLong) {
		t.Errorf("%v", err)
	}
}

func TestAccountingAllocatesNothing(t *testing.T) {
	s, r := newSigner(testSecret), record(lns.AccountStop, lns.RequestFormat{})
	attributes, room := make([]byte, 0, 4096), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		a, err := appendAccounting(attributes, "lns1.example.net", r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sealAccounting(room, s, 1, a, time.Minute); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
