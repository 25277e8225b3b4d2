// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"strings"
	"testing"
)

// Authenticate-Requests both ways (RFC 1334 §2.2.1).
func TestPAPRequest(t *testing.T) {
	b := AppendPAPRequest(nil, "user", "pw")
	if !bytes.Equal(b, []byte("\x04user\x02pw")) {
		t.Errorf("%q", b)
	}
	for _, tt := range []struct {
		data, name, password string
		ok                   bool
	}{
		{"\x04user\x02pw", "user", "pw", true},
		{"\x04user\x02pw and padding", "user", "pw", true},
		{"\x00\x00", "", "", true},
		{"\x04user", "", "", false},
		{"\x04user\x03pw", "", "", false},
		{"\x05user", "", "", false},
		{"", "", "", false},
	} {
		name, password, err := ParsePAPRequest([]byte(tt.data))
		if ok := err == nil; ok != tt.ok || ok && (string(name) != tt.name || string(password) != tt.password) {
			t.Errorf("%q: %q, %q, %v", tt.data, name, password, err)
		}
	}
	long := AppendPAPRequest(nil, strings.Repeat("a", 300), strings.Repeat("b", 300))
	if name, password, err := ParsePAPRequest(long); err != nil || len(name) != 255 || len(password) != 255 {
		t.Errorf("300 octets become %d and %d, %v", len(name), len(password), err)
	}
}

// Replies both ways (RFC 1334 §2.2.2), and those of peers that leave out Msg-Length.
func TestPAPReply(t *testing.T) {
	if b := AppendPAPReply(nil, "hi"); !bytes.Equal(b, []byte("\x02hi")) {
		t.Errorf("%q", b)
	}
	for data, want := range map[string]string{"\x02hi": "hi", "\x02hi!": "hi", "": "", "\x00": "", "\x09hi": ""} {
		if got := ParsePAPReply([]byte(data)); string(got) != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
}

// Challenges and Responses both ways: "The Value field is one or more octets." RFC 1994 §4.1
func TestCHAPValue(t *testing.T) {
	if b := AppendCHAPValue(nil, []byte{1, 2, 3}, "lns"); !bytes.Equal(b, []byte("\x03\x01\x02\x03lns")) {
		t.Errorf("%q", b)
	}
	for _, tt := range []struct {
		data, value, name string
		ok                bool
	}{
		{"\x02abname", "ab", "name", true}, {"\x02ab", "ab", "", true},
		{"\x00name", "", "", false}, {"\x05ab", "", "", false}, {"", "", "", false},
	} {
		value, name, err := ParseCHAPValue([]byte(tt.data))
		if ok := err == nil; ok != tt.ok || ok && (string(value) != tt.value || string(name) != tt.name) {
			t.Errorf("%q: %q, %q, %v", tt.data, value, name, err)
		}
	}
}

// No octets make the parsers panic, and what was parsed is written as it was read.
func FuzzAuth(f *testing.F) {
	f.Add([]byte("\x04user\x02pw"))
	f.Add([]byte("\x02hi"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if name, password, err := ParsePAPRequest(b); err == nil {
			if again := AppendPAPRequest(nil, string(name), string(password)); !bytes.Equal(again, b[:len(again)]) {
				t.Fatalf("%q is written as %q", b, again)
			}
		}
		if value, name, err := ParseCHAPValue(b); err == nil {
			if again := AppendCHAPValue(nil, value, string(name)); !bytes.Equal(again, b) {
				t.Fatalf("%q is written as %q", b, again)
			}
		}
		if message := ParsePAPReply(b); len(message) > len(b) {
			t.Fatalf("%q has the message %q", b, message)
		}
	})
}
