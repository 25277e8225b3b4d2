// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc3576"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// sessions are what the shards of a rig have: one in shard 1 that answers to
// these.
type sessions struct {
	subscriber *lns.Subscriber
	profile    *lns.AAAProfile
	refuse     lns.ErrorCause // of a change
	twins      int            // sessions besides it that are meant

	mu       sync.Mutex
	done     []string
	changes  []*policy.Attributes
	blocking chan struct{} // closed: requests are served; nil likewise
}

func (s *sessions) do(shard int, r *lns.Request) error {
	if s.blocking != nil {
		<-s.blocking
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Kind {
	case lns.FindSessions:
		r.Done = true
		if shard == 1 && s.meant(r.Match) {
			for range 1 + s.twins {
				r.Found = append(r.Found, lns.Target{Shard: 1, Element: 5})
			}
		}
	case lns.ChangeSession:
		s.done = append(s.done, "change")
		s.changes = append(s.changes, r.Change.Attributes)
		r.Change.Error = s.refuse
	case lns.DisconnectSession:
		s.done = append(s.done, "disconnect")
	}
	return nil
}

// served is what was done so far.
func (s *sessions) served() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.done)
}

func (s *sessions) meant(m *lns.Match) bool {
	sub := s.subscriber
	return (m.SessionID == 0 || m.SessionID == sub.ID) && (m.User == "" || m.User == sub.User) &&
		(!m.Address.IsValid() || m.Address == sub.Address) && (!m.Prefix.IsValid() || m.Prefix == sub.Prefix) &&
		(m.InterfaceID == [8]byte{} || m.InterfaceID == sub.InterfaceID) && (m.Also == nil || m.Also(s.profile, sub))
}

// dynamicRig is a rig that 127.0.0.1 may send requests to.
func dynamicRig(t *testing.T, s *sessions) (*rig, string) {
	t.Helper()
	if s.subscriber == nil {
		s.subscriber = record(lns.AccountStart, lns.RequestFormat{}).Subscriber
		s.profile = &lns.AAAProfile{Requests: lns.RequestFormat{SessionIDDecimal: true}}
	}
	r := newRig(t)
	r.do = s.do
	port := freePort(t)
	cfg := &lns.Config{HostName: "lns1.example.net", Groups: []*lns.TunnelGroup{{Gateway: netip.MustParseAddr("192.0.2.1")}}}
	cfg.Radius.DynamicPort = port
	cfg.Radius.Dynamic = []lns.DynamicClient{{Address: netip.MustParseAddr("127.0.0.1"), Secret: testSecret}}
	p, err := r.service.Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Apply()
	return r, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String()
}

func freePort(t *testing.T) uint16 {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// exchangeWith sends a request, as radclient does, and returns the reply and its
// Error-Cause.
func exchangeWith(t *testing.T, to string, p *radius.Packet) (radius.Code, uint32) {
	t.Helper()
	reply, err := radius.Exchange(t.Context(), p, to)
	if err != nil {
		t.Fatal(err)
	}
	cause, _ := radius.Integer(reply.Get(rfc3576.ErrorCause_Type))
	return reply.Code, cause
}

func coa(attributes ...any) *radius.Packet {
	return dynamicPacket(radius.CodeCoARequest, attributes...)
}

func dynamicPacket(code radius.Code, attributes ...any) *radius.Packet {
	p := radius.New(code, []byte(testSecret))
	for i := 0; i < len(attributes); i += 2 {
		value, ok := attributes[i+1].(radius.Attribute)
		if !ok {
			value = radius.Attribute(attributes[i+1].(string))
		}
		p.Add(attributes[i].(radius.Type), value)
	}
	return p
}

// A CoA finds its session by anything that identifies one, and all that is given
// must agree.
func TestCoAIdentification(t *testing.T) {
	s := &sessions{}
	_, to := dynamicRig(t, s)
	prefix := append([]byte{0, 64}, netip.MustParseAddr("2001:db8:1:2::").AsSlice()...)
	for name, p := range map[string]*radius.Packet{
		"Acct-Session-Id":     coa(rfc2866.AcctSessionID_Type, "4711"),
		"with a description":  coa(rfc2866.AcctSessionID_Type, "holdfast si-1/0/0.17:4711"),
		"User-Name":           coa(rfc2865.UserName_Type, "alice"),
		"Framed-IP-Address":   coa(rfc2865.FramedIPAddress_Type, "\x64\x40\x00\x09"),
		"Framed-IPv6-Prefix":  coa(rfc3162.FramedIPv6Prefix_Type, radius.Attribute(prefix)),
		"Framed-Interface-Id": coa(rfc3162.FramedInterfaceID_Type, "\x00\x00\x00\x00\x00\x00\x00\x07"),
		"NAS-Port":            coa(rfc2865.NASPort_Type, "\x12\x34\x56\x78"),
		"NAS-Port-Id":         coa(rfc2869.NASPortID_Type, "si-1/0/0.17"),
		"Calling-Station-Id":  coa(rfc2865.CallingStationID_Type, "0301234"),
		"Called-Station-Id":   coa(rfc2865.CalledStationID_Type, "1999"),
		"a CUI":               coa(radius.Type(89), "cui"),
		"several, and the NAS": coa(rfc2865.UserName_Type, "alice", rfc2866.AcctSessionID_Type, "4711",
			rfc2865.NASIdentifier_Type, "lns1.example.net", rfc2865.NASIPAddress_Type, "\xc0\x00\x02\x01"),
	} {
		if code, cause := exchangeWith(t, to, p); code != radius.CodeCoAACK {
			t.Errorf("%s: %v, cause %d", name, code, cause)
		}
	}
	for name, c := range map[string]struct {
		p    *radius.Packet
		want lns.ErrorCause
	}{
		"nothing":              {coa(rfc2865.SessionTimeout_Type, number(5)), lns.ErrorMissingAttribute},
		"another session":      {coa(rfc2866.AcctSessionID_Type, "4712"), lns.ErrorSessionNotFound},
		"no number":            {coa(rfc2866.AcctSessionID_Type, "x"), lns.ErrorSessionNotFound},
		"one of two":           {coa(rfc2865.UserName_Type, "alice", rfc2865.CallingStationID_Type, "0"), lns.ErrorSessionNotFound},
		"another NAS":          {coa(rfc2865.UserName_Type, "alice", rfc2865.NASIdentifier_Type, "lns2"), lns.ErrorNASMismatch},
		"another NAS address":  {coa(rfc2865.UserName_Type, "alice", rfc2865.NASIPAddress_Type, "\xc0\x00\x02\x09"), lns.ErrorNASMismatch},
		"a bad address":        {coa(rfc2865.FramedIPAddress_Type, "abc"), lns.ErrorInvalidAttribute},
		"a bad value":          {coa(rfc2865.UserName_Type, "alice", rfc2865.SessionTimeout_Type, "x"), lns.ErrorInvalidAttribute},
		"a multi-session":      {coa(rfc2866.AcctMultiSessionID_Type, "1"), lns.ErrorSessionNotFound},
		"an unknown attribute": {coa(rfc2865.UserName_Type, "alice", radius.Type(250), "x"), lns.ErrorUnsupportedAttribute},
		"Authorize Only":       {coa(rfc2865.UserName_Type, "alice", rfc2865.ServiceType_Type, number(17)), lns.ErrorUnsupportedService},
	} {
		if code, cause := exchangeWith(t, to, c.p); code != radius.CodeCoANAK || lns.ErrorCause(cause) != c.want {
			t.Errorf("%s: %v, cause %d, want %d", name, code, cause, c.want)
		}
	}
	s.mu.Lock()
	s.profile.Requests.SessionIDStrict = true
	s.mu.Unlock()
	if code, cause := exchangeWith(t, to, coa(rfc2866.AcctSessionID_Type, "holdfast si-1/0/0.17:4711")); lns.ErrorCause(cause) != lns.ErrorSessionNotFound {
		t.Errorf("the other format where it is strict: %v, %d", code, cause)
	}
}

// What a CoA grants reaches the session without what identifies it; what the
// engine refuses is refused with its cause.
func TestCoAChanges(t *testing.T) {
	s := &sessions{}
	_, to := dynamicRig(t, s)
	p := coa(rfc2865.UserName_Type, "alice", rfc2865.SessionTimeout_Type, number(60), rfc2865.Class_Type, "gold", rfc2865.ProxyState_Type, "via")
	reply, err := radius.Exchange(t.Context(), p, to)
	if err != nil || reply.Code != radius.CodeCoAACK || string(reply.Get(rfc2865.ProxyState_Type)) != "via" {
		t.Fatalf("%+v, %v", reply, err)
	}
	s.mu.Lock()
	c := s.changes[0]
	s.mu.Unlock()
	if c.SessionTimeout != time.Minute || string(c.Class[0]) != "gold" || c.UserName != "" || len(c.Ignored) != 0 {
		t.Errorf("%+v", c)
	}
	s.mu.Lock()
	s.refuse = lns.ErrorResources
	s.mu.Unlock()
	if code, cause := exchangeWith(t, to, coa(rfc2865.UserName_Type, "alice")); code != radius.CodeCoANAK || lns.ErrorCause(cause) != lns.ErrorResources {
		t.Errorf("%v, %d", code, cause)
	}
	s.mu.Lock()
	s.twins = 1
	s.mu.Unlock()
	if code, cause := exchangeWith(t, to, coa(rfc2865.UserName_Type, "alice")); code != radius.CodeCoANAK || lns.ErrorCause(cause) != lns.ErrorMultipleSessions {
		t.Errorf("two sessions: %v, %d", code, cause)
	}
}

func TestDisconnect(t *testing.T) {
	s := &sessions{}
	r, to := dynamicRig(t, s)
	disconnect := func(user string) *radius.Packet {
		return dynamicPacket(radius.CodeDisconnectRequest, rfc2865.UserName_Type, user, rfc2866.AcctTerminateCause_Type, number(6))
	}
	if code, _ := exchangeWith(t, to, disconnect("alice")); code != radius.CodeDisconnectACK || !slices.Equal(s.served(), []string{"disconnect"}) {
		t.Errorf("%v, %v", code, s.served())
	}
	if code, cause := exchangeWith(t, to, disconnect("bob")); code != radius.CodeDisconnectNAK || lns.ErrorCause(cause) != lns.ErrorSessionNotFound {
		t.Errorf("%v, %d", code, cause)
	}
	more := disconnect("alice")
	more.Add(rfc2865.SessionTimeout_Type, number(1))
	if code, cause := exchangeWith(t, to, more); code != radius.CodeDisconnectNAK || lns.ErrorCause(cause) != lns.ErrorUnsupportedAttribute {
		t.Errorf("with more in it: %v, %d", code, cause)
	}
	shot, _ := r.service.Snapshot(t.Context())
	if c := shot.Dynamic; c.Disconnect.Requests != 3 || c.Disconnect.Acks != 1 || c.Disconnect.Naks != 2 {
		t.Errorf("%+v", c)
	}
}

// A request that is repeated while it is served, and after, is served once. One of
// a stranger, of another secret, too old or no request at all is met with silence.
func TestDynamicOnceAndOnlyForFriends(t *testing.T) {
	s := &sessions{blocking: make(chan struct{})}
	r, to := dynamicRig(t, s)
	friend, err := net.Dial("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	defer friend.Close()
	good, err := coa(rfc2865.UserName_Type, "alice").Encode()
	if err != nil {
		t.Fatal(err)
	}
	old := coa(rfc2865.UserName_Type, "alice", rfc2869.EventTimestamp_Type, number(uint32(time.Now().Add(-time.Hour).Unix())))
	stale, err := old.Encode()
	if err != nil {
		t.Fatal(err)
	}
	forged := slices.Clone(good)
	forged[4] ^= 1
	wrongCode := slices.Clone(good)
	wrongCode[0] = codeAccessRequest
	for _, b := range [][]byte{good, good, forged, stale, wrongCode, []byte("hello")} {
		if _, err := friend.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	stranger, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 9)}, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Write(good); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; { // until all have been looked at
		c, _ := r.service.Snapshot(t.Context())
		d := c.Dynamic
		if d.CoA.Requests == 3 && d.CoA.Duplicates == 1 && d.CoA.Stale == 1 &&
			d.BadAuthenticators == 1 && d.Malformed == 1 && d.UnknownTypes == 1 && d.UnknownClients == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", d)
		}
	}
	close(s.blocking)
	reply := make([]byte, 4096)
	n, err := friend.Read(reply)
	if err != nil || reply[0] != codeCoAACK {
		t.Fatalf("%x, %v", reply[:n], err)
	}
	first := string(reply[:n])
	if _, err := friend.Write(good); err != nil {
		t.Fatal(err)
	}
	if n, err = friend.Read(reply); err != nil || string(reply[:n]) != first {
		t.Errorf("the repeated request got %x, %v", reply[:n], err)
	}
	if got := strings.Join(s.served(), " "); got != "change" {
		t.Errorf("done: %s", got)
	}
}

// A request that is signed gets a signed reply; one signed wrongly gets none.
func TestDynamicSigned(t *testing.T) {
	_, to := dynamicRig(t, &sessions{})
	signer := newSigner(testSecret)
	w := writer{}
	w.begin(codeCoARequest, 9)
	w.b = reserveSignature(w.b)
	w.text("", rfc2865.UserName_Type, "alice")
	if err := w.finish(); err != nil {
		t.Fatal(err)
	}
	signer.sign(w.b)
	signer.sealRequest(w.b)
	conn, err := net.Dial("udp4", to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	wrong := slices.Clone(w.b)
	wrong[30] ^= 1
	signer.sealRequest(wrong)
	for _, b := range [][]byte{wrong, w.b} {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	reply := make([]byte, 4096)
	n, err := conn.Read(reply)
	if err != nil {
		t.Fatal(err)
	}
	b, err := parse(reply[:n])
	if err != nil || b[1] != 9 || signer.verifyReply(b, w.b[4:headerLen], true) != nil {
		t.Errorf("the reply %x: %v", b, err)
	}
}

// A port that is taken refuses a configuration and changes nothing; one that is no
// more in the configuration is closed.
func TestDynamicPorts(t *testing.T) {
	r, to := dynamicRig(t, &sessions{})
	taken, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := &lns.Config{}
	cfg.Radius.Dynamic = []lns.DynamicClient{{Address: netip.MustParseAddr("127.0.0.1"), Secret: testSecret}}
	cfg.Radius.DynamicPort = taken.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	if _, err := r.service.Prepare(cfg); err == nil {
		t.Error("a port that another has was opened")
	}
	if code, _ := exchangeWith(t, to, coa(rfc2865.UserName_Type, "alice")); code != radius.CodeCoAACK {
		t.Errorf("%v", code)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := r.service.Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Abort()
	if p, err = r.service.Prepare(cfg); err != nil {
		t.Fatal(err)
	}
	p.Apply()
	again, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.IPv4Unspecified(), netip.MustParseAddrPort(to).Port())))
	if err != nil {
		t.Fatalf("the old port: %v", err)
	}
	_ = again.Close()
}
