// SPDX-License-Identifier: Apache-2.0

package radiustest

import (
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "testing123"

// client is a socket that sends requests and waits for what comes.
type client struct {
	*net.UDPConn
	t *testing.T
}

func dial(t *testing.T) *client {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{c, t}
}

// exchange sends octets and returns what comes back, and from which port.
func (c *client) exchange(s *Server, port uint16, b []byte) ([]byte, int) {
	c.t.Helper()
	if _, err := c.WriteToUDP(b, &net.UDPAddr{IP: s.Address().AsSlice(), Port: int(port)}); err != nil {
		c.t.Fatal(err)
	}
	return c.receive()
}

func (c *client) receive() ([]byte, int) {
	c.t.Helper()
	b := make([]byte, 4096)
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		c.t.Fatal(err)
	}
	n, from, err := c.ReadFromUDP(b)
	if err != nil {
		c.t.Fatal(err)
	}
	return b[:n], from.Port
}

func accessRequest(t *testing.T, user string) []byte {
	t.Helper()
	p := radius.New(radius.CodeAccessRequest, []byte(secret))
	if err := rfc2865.UserName_SetString(p, user); err != nil {
		t.Fatal(err)
	}
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each way to answer has its octets.
func TestAnswers(t *testing.T) {
	s := New(t, Config{Secret: secret})
	c := dial(t)
	for _, row := range []struct {
		why       string
		a         Answer
		authentic bool
		length    int
		wrongPort bool
	}{
		{"signed", Answer{Code: radius.CodeAccessAccept}, true, 38, false},
		{"unsigned", Answer{Code: radius.CodeAccessReject, Unsigned: true}, true, 20, false},
		{"wrong secret", Answer{Code: radius.CodeAccessAccept, BadAuthenticator: true}, false, 38, false},
		{"wrong port", Answer{Code: radius.CodeAccessAccept, FromWrongPort: true}, true, 38, true},
		{"raw", Answer{Raw: []byte{1, 2, 3}}, false, 3, false},
		{"later", Answer{Code: radius.CodeAccessChallenge, After: time.Millisecond}, true, 38, false},
	} {
		s.SetAnswer(func(*Request) Answer { return row.a })
		request := accessRequest(t, "alice")
		b, port := c.exchange(s, s.Authentication(), request)
		if got := len(b) >= 20 && radius.IsAuthenticResponse(b, request, []byte(secret)); got != row.authentic || len(b) != row.length {
			t.Errorf("%s: authentic %v, want %v; %d octets, want %d", row.why, got, row.authentic, len(b), row.length)
		}
		if wrong := port != int(s.Authentication()); wrong != row.wrongPort {
			t.Errorf("%s: from port %d", row.why, port)
		}
	}
}

// A retransmission gets the same octets, and the function is not asked again.
func TestDuplicates(t *testing.T) {
	asked := 0
	s := New(t, Config{Secret: secret, Answer: func(r *Request) Answer {
		asked++
		if r.User() == "lost" && asked == 1 {
			return Answer{}
		}
		return Answer{Code: radius.CodeAccessAccept, Copies: 2}
	}})
	c := dial(t)
	request := accessRequest(t, "lost")
	if _, err := c.WriteToUDP(request, &net.UDPAddr{IP: s.Address().AsSlice(), Port: int(s.Authentication())}); err != nil {
		t.Fatal(err)
	}
	if !s.WaitRequests(1, 5*time.Second) {
		t.Fatal("the request did not come")
	}
	first, _ := c.exchange(s, s.Authentication(), request)
	if twin, _ := c.receive(); string(twin) != string(first) {
		t.Fatal("two copies differ")
	}
	if again, _ := c.exchange(s, s.Authentication(), request); string(again) != string(first) {
		t.Fatal("the retransmission got another reply")
	}
	if n := s.Counts(); asked != 2 || n.Requests != 2 || n.Duplicates != 1 {
		t.Fatalf("asked %d times: %+v", asked, n)
	}
}

// Accounting is recorded; a request that was not made with the secret is not.
func TestRecords(t *testing.T) {
	s := New(t, Config{Secret: secret})
	c := dial(t)
	for i, key := range []string{"wrong", secret} {
		p := radius.New(radius.CodeAccountingRequest, []byte(key))
		p.Identifier = byte(i)
		if err := rfc2866.AcctStatusType_Set(p, rfc2866.AcctStatusType_Value_Stop); err != nil {
			t.Fatal(err)
		}
		if err := rfc2866.AcctSessionID_SetString(p, "1"); err != nil {
			t.Fatal(err)
		}
		b, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if key != secret {
			if _, err := c.WriteToUDP(b, &net.UDPAddr{IP: s.Address().AsSlice(), Port: int(s.Accounting())}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		c.exchange(s, s.Accounting(), b)
	}
	records := s.WaitRecords(1, 5*time.Second)
	if len(records) != 1 || records[0].SessionID != "1" || records[0].Status != rfc2866.AcctStatusType_Value_Stop {
		t.Fatalf("%+v", records)
	}
	if n := s.Counts(); n.Unverified != 1 {
		t.Fatalf("%+v", n)
	}
}
