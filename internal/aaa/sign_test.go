// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"errors"
	"slices"
	"testing"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
)

// A reply is believed only with both authenticators right. Any octet changed, a
// signature left out, another secret: it is not.
func TestVerifyReply(t *testing.T) {
	good := acceptOf(t, testRandom, func(p *radius.Packet) { p.Add(rfc2865.Class_Type, []byte("c")) })
	s := newSigner(testSecret)
	if err := s.verifyReply(good, testRandom[:], true); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if i == 1 {
			continue // the Identifier is of the slot, and is covered too
		}
		bad := slices.Clone(good)
		bad[i] ^= 1
		if b, err := parse(bad); err == nil && s.verifyReply(b, testRandom[:], true) == nil {
			t.Errorf("octet %d may be changed", i)
		}
	}
	if err := newSigner("another").verifyReply(good, testRandom[:], true); !errors.Is(err, errAuthenticator) {
		t.Errorf("another secret: %v", err)
	}
	other := testRandom
	other[0]++
	if err := s.verifyReply(good, other[:], true); !errors.Is(err, errAuthenticator) {
		t.Errorf("another request: %v", err)
	}
}

// A reply whose Response Authenticator is right proves nothing by itself: MD5 can
// be made to collide (CVE-2024-3596). Without Message-Authenticator it is taken
// from a server only that is configured so, and a wrong one never is.
func TestUnsignedReply(t *testing.T) {
	s := newSigner(testSecret)
	p := &radius.Packet{Code: radius.CodeAccessAccept, Authenticator: testRandom, Secret: []byte(testSecret)}
	unsigned, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.verifyReply(unsigned, testRandom[:], true); !errors.Is(err, errUnsigned) {
		t.Errorf("needed: %v", err)
	}
	if err := s.verifyReply(unsigned, testRandom[:], false); err != nil {
		t.Errorf("not needed: %v", err)
	}
	for name, signature := range map[string][]byte{"wrong": make([]byte, 16), "short": make([]byte, 15)} {
		p.Attributes = nil
		p.Add(80, signature)
		b, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.verifyReply(b, testRandom[:], false); !errors.Is(err, errMessageSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := acceptOf(t, testRandom, func(p *radius.Packet) { p.Add(80, make([]byte, 16)) })
	if err := s.verifyReply(twice, testRandom[:], true); !errors.Is(err, errMessageSignature) {
		t.Errorf("two signatures: %v", err)
	}
}

func TestParse(t *testing.T) {
	good := acceptOf(t, testRandom, nil)
	if b, err := parse(append(slices.Clone(good), 1, 2, 3)); err != nil || len(b) != len(good) {
		t.Errorf("padding: %d octets, %v", len(b), err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "short": good[:19], "cut": good[:len(good)-1],
		"attribute of one octet":  packetOf(80, 1),
		"attribute past the end":  packetOf(80, 9),
		"one octet at the end":    packetOf(80),
		"length below the header": {2, 1, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, err := parse(b); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// packetOf makes a packet of these octets after the header.
func packetOf(attributes ...byte) []byte {
	b := make([]byte, headerLen, headerLen+len(attributes))
	b[0], b[3] = codeAccessAccept, byte(headerLen+len(attributes))
	return append(b, attributes...)
}
