// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2868"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc4679"
	"layeh.com/radius/vendors/microsoft"

	"holdfast/internal/lns"
	"holdfast/l2tp"
	"holdfast/ppp"
)

const testSecret = "xyzzy5461"

var testRandom = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

// subscriber is one with everything a LAC can say.
func subscriber() *lns.Subscriber {
	return &lns.Subscriber{
		ID: 4711, User: "alice", UserGiven: "alice@example.net", Source: lns.AuthRadius,
		Calling: "0301234", Called: "1999", Serial: 77, LAC: "lac1", LNS: "lns1",
		Local: netip.MustParseAddrPort("192.0.2.1:1701"), Peer: netip.MustParseAddrPort("198.51.100.7:1701"),
		Tunnel: 0x1234, Session: 0x5678, Interface: "si-1/0/0", Unit: 17,
		TxSpeed: 100_000_000, RxSpeed: 40_000_000,
		Line: &l2tp.Line{
			AgentCircuitID: "dslam1 atm 1/2:35", AgentRemoteID: "remote", ActualUp: 10_000_000, ActualDown: 5_000_000_000,
			DelayDown: 8, Encapsulation: [3]byte{1, 2, 3}, Interworked: true,
		},
	}
}

func query(method ppp.AuthMethod, f lns.RequestFormat) *lns.AuthQuery {
	q := &lns.AuthQuery{Profile: &lns.AAAProfile{Name: "p", Requests: f}, Subscriber: subscriber()}
	q.Offer = ppp.AuthOffer{Method: method, Name: "alice", ID: 9}
	switch method {
	case ppp.PAP:
		q.Offer.Password = "a password of more than sixteen octets"
	case ppp.CHAP:
		q.Offer.Challenge, q.Offer.Response = []byte("0123456789abcdef"), bytes.Repeat([]byte{7}, 16)
	case ppp.MSCHAPv2:
		q.Offer.Challenge, q.Offer.Response = []byte("0123456789abcdef"), make([]byte, 49)
		copy(q.Offer.Response, "peer challenge..")
		copy(q.Offer.Response[24:], "the NT response of 24 o.")
		q.Offer.Response[48] = 3
	}
	return q
}

// access encodes q, as a server would read it.
func access(t *testing.T, q *lns.AuthQuery) (*radius.Packet, []byte) {
	t.Helper()
	b, err := encodeAccess(nil, newSigner(testSecret), "lns1.example.net", 200, testRandom, q)
	if err != nil {
		t.Fatal(err)
	}
	p, err := radius.Parse(b, []byte(testSecret))
	if err != nil {
		t.Fatal(err)
	}
	if p.Code != radius.CodeAccessRequest || p.Identifier != 200 {
		t.Errorf("code %v, identifier %d", p.Code, p.Identifier)
	}
	return p, b
}

// hasText fails unless the attribute is there with this text.
func hasText(t *testing.T, p *radius.Packet, typ radius.Type, want string) {
	t.Helper()
	if got := string(p.Get(typ)); got != want {
		t.Errorf("%s: %q, want %q", typeName(typ), got, want)
	}
}

// Message-Authenticator is the first attribute of every Access-Request, and right.
func TestAccessRequestIsSigned(t *testing.T) {
	for _, method := range []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2} {
		p, b := access(t, query(method, lns.RequestFormat{}))
		if p.Attributes[0].Type != rfc2869.MessageAuthenticator_Type {
			t.Fatalf("%v: the first attribute is %d", method, p.Attributes[0].Type)
		}
		sent := bytes.Clone(b[22:38])
		clear(b[22:38])
		mac := hmac.New(md5.New, []byte(testSecret))
		mac.Write(b)
		if !hmac.Equal(sent, mac.Sum(nil)) {
			t.Errorf("%v: wrong Message-Authenticator", method)
		}
	}
}

func TestAccessRequestPAP(t *testing.T) {
	q := query(ppp.PAP, lns.RequestFormat{})
	p, b := access(t, q)
	if got := rfc2865.UserPassword_GetString(p); got != q.Offer.Password {
		t.Errorf("password %q", got)
	}
	if bytes.Contains(b, []byte(q.Offer.Password)) {
		t.Error("the password is there to be read")
	}
	hasText(t, p, rfc2865.UserName_Type, "alice")
}

// The hidden password is that of the library, at every length that is allowed.
func TestHidePassword(t *testing.T) {
	s := newSigner(testSecret)
	for n := range passwordMax + 1 {
		password := strings.Repeat("p", n)
		want, err := radius.NewUserPassword([]byte(password), []byte(testSecret), testRandom[:])
		if err != nil {
			t.Fatal(err)
		}
		if got := s.hidePassword(nil, testRandom[:], password); !bytes.Equal(got, want) {
			t.Fatalf("%d octets: %x, want %x", n, got, want)
		}
	}
}

func TestAccessRequestCHAP(t *testing.T) {
	p, _ := access(t, query(ppp.CHAP, lns.RequestFormat{}))
	if got := p.Get(rfc2865.CHAPPassword_Type); got[0] != 9 || !bytes.Equal(got[1:], bytes.Repeat([]byte{7}, 16)) {
		t.Errorf("CHAP-Password %x", got)
	}
	hasText(t, p, rfc2865.CHAPChallenge_Type, "0123456789abcdef")
	if p.Authenticator != testRandom {
		t.Error("the authenticator is not the random one")
	}
	p, _ = access(t, query(ppp.CHAP, lns.RequestFormat{CHAPInAuthenticator: true}))
	if _, ok := p.Lookup(rfc2865.CHAPChallenge_Type); ok || string(p.Authenticator[:]) != "0123456789abcdef" {
		t.Errorf("in the authenticator: %q, CHAP-Challenge %v", p.Authenticator, ok)
	}
	long := query(ppp.CHAP, lns.RequestFormat{CHAPInAuthenticator: true})
	long.Offer.Challenge = []byte("a challenge that does not fit there")
	p, _ = access(t, long)
	hasText(t, p, rfc2865.CHAPChallenge_Type, "a challenge that does not fit there")
}

// RFC 2548 §2.3.2 orders the parts of the Response otherwise than RFC 2759 §4.
func TestAccessRequestMSCHAPv2(t *testing.T) {
	p, _ := access(t, query(ppp.MSCHAPv2, lns.RequestFormat{}))
	if got := microsoft.MSCHAPChallenge_GetString(p); got != "0123456789abcdef" {
		t.Errorf("MS-CHAP-Challenge %q", got)
	}
	want := "\x09\x03peer challenge..\x00\x00\x00\x00\x00\x00\x00\x00the NT response of 24 o."
	if got := microsoft.MSCHAP2Response_GetString(p); got != want {
		t.Errorf("MS-CHAP2-Response %q, want %q", got, want)
	}
}

// What operators key on is in each request, in the format configured.
func TestRequestIdentity(t *testing.T) {
	p, _ := access(t, query(ppp.PAP, lns.RequestFormat{NASPortType: 5, SessionIDDecimal: true}))
	for typ, want := range map[radius.Type]string{
		rfc2865.NASIPAddress_Type:         "\xc0\x00\x02\x01",
		rfc2865.NASIdentifier_Type:        "lns1.example.net",
		rfc2865.ServiceType_Type:          "\x00\x00\x00\x02",
		rfc2865.FramedProtocol_Type:       "\x00\x00\x00\x01",
		rfc2865.NASPort_Type:              "\x12\x34\x56\x78",
		rfc2865.NASPortType_Type:          "\x00\x00\x00\x05",
		rfc2869.NASPortID_Type:            "si-1/0/0.17",
		rfc2865.CallingStationID_Type:     "0301234",
		rfc2865.CalledStationID_Type:      "1999",
		rfc2866.AcctSessionID_Type:        "4711",
		rfc2868.TunnelType_Type:           "\x00\x00\x00\x03",
		rfc2868.TunnelMediumType_Type:     "\x00\x00\x00\x01",
		rfc2868.TunnelClientEndpoint_Type: "\x00198.51.100.7",
		rfc2868.TunnelServerEndpoint_Type: "\x00192.0.2.1",
		rfc2868.TunnelAssignmentID_Type:   "\x004660",
		rfc2868.TunnelClientAuthID_Type:   "\x00lac1",
		rfc2868.TunnelServerAuthID_Type:   "\x00lns1",
		rfc2869.ConnectInfo_Type:          "100000000/40000000",
		rfc3162.NASIPv6Address_Type:       "",
		rfc2865.FramedIPAddress_Type:      "",
		rfc2869.MessageAuthenticator_Type: string(p.Attributes[0].Attribute),
	} {
		hasText(t, p, typ, want)
	}
	for typ, want := range map[byte]uint32{dslActualUp: 10_000_000, dslActualDown: 4294967295, dslDelayDown: 8} {
		if got := vendorValue(p, vendorDSLForum, typ); hex.EncodeToString(got) != hex.EncodeToString(radius.NewInteger(want)) {
			t.Errorf("DSL Forum %d: %x, want %d", typ, got, want)
		}
	}
	if got := string(rfc4679.ADSLAgentCircuitID_Get(p)); got != "dslam1 atm 1/2:35" {
		t.Errorf("Agent-Circuit-Id %q", got)
	}
	if got := vendorValue(p, vendorDSLForum, dslInterworking); got == nil || len(got) != 0 {
		t.Errorf("IWF-Session %v", got)
	}
	if got := vendorValue(p, vendorERX, erxTxConnectSpeed); !bytes.Equal(got, radius.NewInteger(100_000_000)) {
		t.Errorf("Tx-Connect-Speed %x", got)
	}
}

// vendorValue finds an attribute of a vendor; nil: it is not there.
func vendorValue(p *radius.Packet, vendor uint32, typ byte) []byte {
	for _, a := range p.Attributes {
		if a.Type != rfc2865.VendorSpecific_Type {
			continue
		}
		if id, v, err := radius.VendorSpecific(a.Attribute); err == nil && id == vendor && v[0] == typ {
			return v[2:]
		}
	}
	return nil
}

func TestRequestFormats(t *testing.T) {
	p, _ := access(t, query(ppp.PAP, lns.RequestFormat{
		NASIdentifier: "pop7", NASAddress: netip.MustParseAddr("2001:db8::1"),
		NASPortID: []string{"nas-identifier", "agent-circuit-id", "interface-description"}, NASPortDelimiter: "|",
		CallingStation: []string{"calling-number", "agent-remote-id", "lac-name", "called-number"}, CallingDelimiter: "#",
	}))
	hasText(t, p, rfc2865.NASIdentifier_Type, "pop7")
	hasText(t, p, rfc2865.NASIPAddress_Type, "")
	hasText(t, p, rfc3162.NASIPv6Address_Type, string(netip.MustParseAddr("2001:db8::1").AsSlice()))
	hasText(t, p, rfc2869.NASPortID_Type, "pop7|dslam1 atm 1/2:35|si-1/0/0.17")
	hasText(t, p, rfc2865.CallingStationID_Type, "0301234#remote#lac1#1999")
	hasText(t, p, rfc2866.AcctSessionID_Type, "holdfast si-1/0/0.17:4711")

	q := query(ppp.PAP, lns.RequestFormat{CallingStation: []string{"agent-circuit-id", "calling-number"}, CallingDelimiter: "#"})
	q.Line = nil
	p, _ = access(t, q)
	hasText(t, p, rfc2865.CallingStationID_Type, "0301234")
	for _, id := range []string{"4711", "holdfast si-1/0/0.17:4711"} {
		if n, ok := parseSessionID(id); n != 4711 || !ok {
			t.Errorf("%q is read as %d", id, n)
		}
	}
}

// What is excluded is not there, and nothing else is missing.
func TestExcluded(t *testing.T) {
	names := []string{"nas-port", "nas-port-id", "nas-port-type", "calling-station-id", "called-station-id", "acct-session-id",
		"tunnel-type", "tunnel-medium-type", "tunnel-client-endpoint", "tunnel-server-endpoint", "tunnel-assignment-id",
		"tunnel-client-auth-id", "tunnel-server-auth-id", "connect-info", "l2tp-tx-connect-speed", "l2tp-rx-connect-speed",
		"dsl-forum-attributes", "nas-identifier"}
	all, _ := access(t, query(ppp.PAP, lns.RequestFormat{}))
	for _, name := range names {
		p, _ := access(t, query(ppp.PAP, lns.RequestFormat{Exclude: map[string][]string{"access-request": {name}, "accounting-start": names}}))
		gone := len(all.Attributes) - len(p.Attributes)
		if want := 1; name == "dsl-forum-attributes" && gone != 7 || name != "dsl-forum-attributes" && gone != want {
			t.Errorf("%s excluded: %d attributes less", name, gone)
		}
	}
	p, _ := access(t, query(ppp.PAP, lns.RequestFormat{Exclude: map[string][]string{"access-request": names}}))
	if n := len(p.Attributes); n != 6 { // signature, name, password, address, service and protocol
		t.Errorf("%d attributes are left: %v", n, p.Attributes)
	}
	q := query(ppp.PAP, lns.RequestFormat{Exclude: map[string][]string{"access-request": {"nas-identifier"}}})
	q.Local = netip.AddrPort{}
	p, _ = access(t, q)
	hasText(t, p, rfc2865.NASIdentifier_Type, "lns1.example.net") // RFC 2865 §4.1 wants one of the two
}

// What RADIUS cannot carry is not cut: it would be somebody else's.
func TestAccessRequestTooLong(t *testing.T) {
	name := query(ppp.PAP, lns.RequestFormat{})
	name.User = strings.Repeat("n", 254)
	password := query(ppp.PAP, lns.RequestFormat{})
	password.Offer.Password = strings.Repeat("p", 129)
	response := query(ppp.MSCHAPv2, lns.RequestFormat{})
	response.Offer.Response = response.Offer.Response[:48]
	method := query(ppp.PAP, lns.RequestFormat{})
	method.Offer.Method = 99
	for want, q := range map[error]*lns.AuthQuery{errUserName: name, errPassword: password, errMethod: method} {
		if _, err := encodeAccess(nil, newSigner(testSecret), "h", 1, testRandom, q); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := encodeAccess(nil, newSigner(testSecret), "h", 1, testRandom, response); !errors.Is(err, errMethod) {
		t.Errorf("a short MS-CHAPv2 response: %v", err)
	}
	circuit := query(ppp.PAP, lns.RequestFormat{CallingStation: []string{"agent-circuit-id", "agent-circuit-id"}, CallingDelimiter: "#"})
	circuit.Line.AgentCircuitID = strings.Repeat("c", 255)
	p, _ := access(t, circuit)
	if n := len(p.Get(rfc2865.CallingStationID_Type)); n != attributeMax {
		t.Errorf("a Calling-Station-Id of %d octets", n)
	}
}

// A log-in allocates nothing for its Access-Request, nor for checking the reply.
func TestAccessAllocatesNothing(t *testing.T) {
	s := newSigner(testSecret)
	room := make([]byte, 0, 4096)
	for _, method := range []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2} {
		q := query(method, lns.RequestFormat{})
		if n := testing.AllocsPerRun(100, func() {
			if _, err := encodeAccess(room, s, "lns1.example.net", 1, testRandom, q); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations", method, n)
		}
	}
	reply := acceptOf(t, testRandom, nil)
	if n := testing.AllocsPerRun(100, func() {
		if b, err := parse(reply); err != nil || s.verifyReply(b, testRandom[:], true) != nil {
			t.Fatal("not verified")
		}
	}); n != 0 {
		t.Errorf("verifying: %v allocations", n)
	}
}

// acceptOf makes a signed Access-Accept, with the library's codec.
func acceptOf(t testing.TB, request [16]byte, add func(p *radius.Packet)) []byte {
	t.Helper()
	p := &radius.Packet{Code: radius.CodeAccessAccept, Identifier: 1, Authenticator: request, Secret: []byte(testSecret)}
	p.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 16))
	if add != nil {
		add(p)
	}
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(md5.New, []byte(testSecret))
	mac.Write(b)
	copy(b[22:38], mac.Sum(nil))
	p.Attributes[0].Attribute = b[22:38]
	if b, err = p.Encode(); err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkAccessRequest(b *testing.B) {
	s := newSigner(testSecret)
	room := make([]byte, 0, 4096)
	q := query(ppp.CHAP, lns.RequestFormat{})
	reply := acceptOf(b, testRandom, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encodeAccess(room, s, "lns1.example.net", 1, testRandom, q); err != nil {
			b.Fatal(err)
		}
		if r, err := parse(reply); err != nil || s.verifyReply(r, testRandom[:], true) != nil {
			b.Fatal("not verified")
		}
	}
}

// BenchmarkAccessRequestOfLibrary is the same request by the library's codec.
func BenchmarkAccessRequestOfLibrary(b *testing.B) {
	q := query(ppp.CHAP, lns.RequestFormat{})
	octets, err := encodeAccess(nil, newSigner(testSecret), "lns1.example.net", 1, testRandom, q)
	if err != nil {
		b.Fatal(err)
	}
	model, err := radius.Parse(octets, []byte(testSecret))
	if err != nil {
		b.Fatal(err)
	}
	reply := acceptOf(b, testRandom, nil)
	b.ReportAllocs()
	for b.Loop() {
		p := radius.Packet{Code: radius.CodeAccessRequest, Secret: []byte(testSecret)}
		for _, a := range model.Attributes {
			p.Add(a.Type, append(radius.Attribute(nil), a.Attribute...))
		}
		if _, err := p.Encode(); err != nil {
			b.Fatal(err)
		}
		if _, err := radius.Parse(reply, p.Secret); err != nil {
			b.Fatal(err)
		}
	}
}

// simulated is the time in these tests.
var simulated = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
