// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 2759 §9.2, with its intermediate values.
func TestMSCHAPv2Example(t *testing.T) {
	const user, password = "User", "clientPass"
	authenticator := unhex(t, "5B 5D 7C 7D 7B 3F 2F 3E 3C 2C 60 21 32 26 26 28")
	peer := unhex(t, "21 40 23 24 25 5E 26 2A 28 29 5F 2B 3A 33 7C 7E")
	challenge := challengeHash(peer, authenticator, user)
	hash := ntPasswordHash(password)
	hashHash := md4Sum(hash[:])
	response := generateNTResponse(authenticator, peer, user, password)
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"Challenge", challenge[:], "D0 2E 43 86 BC E9 12 26"},
		{"PasswordHash", hash[:], "44 EB BA 8D 53 12 B8 D6 11 47 44 11 F5 69 89 AE"},
		{"NT-Response", response[:], "82 30 9E CD 8D 70 8B 5E A0 8F AA 39 81 CD 83 54 42 33 11 4A 3D 85 D6 DF"},
		{"PasswordHashHash", hashHash[:], "41 C0 0C 58 4B D2 D9 1C 40 17 A2 A1 2F A5 9F 3F"},
	} {
		if !bytes.Equal(tt.got, unhex(t, tt.want)) {
			t.Errorf("%s is %X, want %s", tt.name, tt.got, tt.want)
		}
	}
	const success = "S=407A5589115FD0D6209F510FE9C04566932CDA56"
	if got := generateAuthenticatorResponse(password, response[:], peer, authenticator, user); got != success {
		t.Errorf("AuthenticatorResponse is %s, want %s", got, success)
	}
	value := append(append(append(bytes.Clone(peer), make([]byte, 8)...), response[:]...), 0)
	for _, name := range []string{user, `BIGCO\User`} {
		o := &AuthOffer{Method: MSCHAPv2, Name: name, Challenge: authenticator, Response: value}
		if v := Check(o, password); !v.OK || !strings.HasPrefix(v.Message, success+" M=") {
			t.Errorf("%s: %+v", name, v)
		}
		// "This field MUST be exactly 32 octets long and MUST be present. [...] this
		// value SHOULD always be 3." RFC 2759 §6
		if v := Check(o, "other"); v.OK || v.Message != "E=691 R=0 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=Authentication failed" {
			t.Errorf("%s, wrong password: %+v", name, v)
		}
	}
	got, expect := mschapv2Response(authenticator, peer, &Credentials{Name: user, Password: password})
	if !bytes.Equal(got, value) || expect != success {
		t.Errorf("the Peer answers %x and expects %s", got, expect)
	}
}

// The DES keys of RFC 2759 §9.3: parity does not matter, the 56 bits do.
func TestDESKey(t *testing.T) {
	var a, b [8]byte
	desEncrypt(a[:], make([]byte, 8), [7]byte(unhex(t, "FC 15 6A F7 ED CD 6C")))
	desEncrypt(b[:], make([]byte, 8), [7]byte(unhex(t, "FC 15 6A F7 ED CD 6D")))
	if a == b {
		t.Error("the last bit of the key is lost")
	}
}

// A password outside ASCII is hashed as UTF-16, a character beyond it as a pair.
func TestUnicodePassword(t *testing.T) {
	utf16 := md4Sum([]byte{0xe9, 0x00, 0x3d, 0xd8, 0x00, 0xde})
	if got := ntPasswordHash("é\U0001f600"); got != utf16 {
		t.Errorf("%x, want %x", got, utf16)
	}
}

// chapExample is what md5sum says of 01 "secret" 00 01 ... 0f.
const chapExample = "740e86463bda3a4d7017d6e0fba0699d"

// MD5 over Identifier, secret and challenge (RFC 1994 §4.1), checked against
// another implementation of MD5.
func TestCHAPExample(t *testing.T) {
	challenge := unhex(t, "000102030405060708090a0b0c0d0e0f")
	want := unhex(t, chapExample)
	got := md5Response(1, "secret", challenge)
	if !bytes.Equal(got[:], want) {
		t.Errorf("%x, want %x", got, want)
	}
	o := &AuthOffer{Method: CHAP, ID: 1, Challenge: challenge, Response: want}
	if v := Check(o, "secret"); !v.OK {
		t.Errorf("%+v", v)
	}
	for why, wrong := range map[string]AuthOffer{
		"another Identifier": {Method: CHAP, ID: 2, Challenge: challenge, Response: want},
		"another challenge":  {Method: CHAP, ID: 1, Challenge: challenge[1:], Response: want},
		"no response":        {Method: CHAP, ID: 1, Challenge: challenge},
		"no method":          {ID: 1, Challenge: challenge, Response: want, Password: "secret"},
	} {
		if v := Check(&wrong, "secret"); v.OK {
			t.Errorf("%s was accepted", why)
		}
	}
	// "The CHAP algorithm requires that the length of the secret MUST be at least 1
	// octet." RFC 1994 §2.3
	empty := md5Response(1, "", challenge)
	if v := Check(&AuthOffer{Method: CHAP, ID: 1, Challenge: challenge, Response: empty[:]}, ""); v.OK {
		t.Error("an empty secret was accepted")
	}
}

// An offer for a name that nobody knows is refused in the words of its method.
func TestRefuse(t *testing.T) {
	for m, want := range map[AuthMethod]string{PAP: "Authentication failed", CHAP: "Authentication failed", MSCHAPv2: "E=691 R=0 C="} {
		if v := Refuse(&AuthOffer{Method: m}); v.OK || !strings.HasPrefix(v.Message, want) {
			t.Errorf("%v: %+v", m, v)
		}
	}
}

// A password is right or wrong as a whole.
func TestCheckPAP(t *testing.T) {
	for password, want := range map[string]bool{"secret": true, "secre": false, "secret ": false, "": false} {
		if v := Check(&AuthOffer{Method: PAP, Password: password}, "secret"); v.OK != want {
			t.Errorf("%q: %v", password, v.OK)
		}
	}
}

// Malformed MS-CHAPv2 fails, with a Failure that is well-formed.
func TestCheckMSCHAPv2Malformed(t *testing.T) {
	for _, o := range []AuthOffer{
		{}, {Response: make([]byte, 48), Challenge: make([]byte, 16)}, {Response: make([]byte, 49), Challenge: make([]byte, 15)},
	} {
		o.Method = MSCHAPv2
		v := Check(&o, "secret")
		_, rest, _ := strings.Cut(v.Message, "C=")
		c, _, _ := strings.Cut(rest, " ")
		if v.OK || len(c) != 32 {
			t.Errorf("%+v gets %+v", o, v)
		}
	}
}
