// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"strings"
	"testing"
)

// rfc2661 is what the text of RFC 2661 §4.4 says of each AVP: its number, "The
// M-bit for this AVP MUST be set to", "(the H-bit MUST be 0)" or "may be 0 or 1",
// and "The Length (before hiding) of this AVP is", with + for what may follow.
const rfc2661 = `
0 M1 H0 8    1 M1 H0 8+   2 M1 H0 8    3 M1 H1 10   4 M1 H1 10   5 M0 H0 14   6 M0 H1 8    7 M1 H0 6+
8 M0 H1 6+   9 M1 H1 8    10 M1 H0 8   11 M1 H1 6+  12 M1 H0 9+  13 M1 H1 22  14 M1 H1 8   15 M1 H1 10
16 M1 H1 10  17 M1 H1 10  18 M1 H1 10  19 M1 H1 10  21 M1 H1 6+  22 M1 H1 6+  23 M1 H1 6+  24 M1 H1 10
25 M0 H1 10  26 M0 H1 6+  27 M0 H1 6+  28 M0 H1 6+  29 M0 H1 8   30 M0 H1 6+  31 M0 H1 6+  32 M0 H1 8
33 M0 H1 6+  34 M1 H1 32  35 M1 H1 16  36 M1 H0 6+  37 M0 H1 6+  38 M0 H1 10  39 M1 H0 6`

// Our table is the RFC's.
func TestTableIsTheRFCs(t *testing.T) {
	words := strings.Fields(rfc2661)
	seen := map[AVPType]bool{}
	for i := 0; i < len(words); i += 4 {
		var n AVPType
		fmt.Sscan(words[i], &n)
		seen[n] = true
		s := avps[n]
		m, h := 0, 0
		if s.mandatory {
			m = 1
		}
		if s.hideable {
			h = 1
		}
		least := s.min
		if n == HostName || n == Challenge || n == ProxyAuthenChallenge {
			least-- // "MUST be at least 1 octet", beside the Length
		}
		length := fmt.Sprint(least + avpHeader)
		if s.max == 0 && s.form != formPresent {
			length += "+"
		}
		if got := fmt.Sprintf("M%d H%d %s", m, h, length); got != strings.Join(words[i+1:i+4], " ") {
			t.Errorf("AVP %d: %s, RFC says %s", n, got, strings.Join(words[i+1:i+4], " "))
		}
	}
	for n := range AVPType(40) {
		if known := avps[n].form != unknownForm; known != seen[n] {
			t.Errorf("AVP %d: known %v, in the RFC %v", n, known, seen[n])
		}
	}
}

// Each form has its field: no type in the table makes the codec panic.
func TestEveryAVPHasAField(t *testing.T) {
	var m Message
	for n, s := range avps {
		switch n := AVPType(n); {
		case s.form == form16 && n != MessageTypeAVP:
			m.u16(n)
		case s.form == form32:
			m.u32(n)
		case s.form == formText, s.form == formOctets:
			m.octets(n)
		}
	}
}

func TestMessageNames(t *testing.T) {
	for n, want := range map[MessageType]string{0: "unknown", 1: "SCCRQ", 4: "StopCCN", 5: "unknown", 16: "SLI", 28: "CSUN", 500: "unknown"} {
		if n.String() != want || n.Known() != (want != "unknown") {
			t.Errorf("%d is %v", n, n)
		}
	}
	for n := range MessageType(40) {
		if want := n >= 7 && n <= 16; n.Session() != want {
			t.Errorf("%v belongs to a session: %v", n, n.Session())
		}
	}
}

// Every code has words, and an unknown one has none.
func TestResultTexts(t *testing.T) {
	for code := range uint16(20) {
		if got, want := ResultText(StopCCN, code) != "", code >= 1 && code <= 7; got != want {
			t.Errorf("StopCCN %d: %q", code, ResultText(StopCCN, code))
		}
		if got, want := ResultText(CDN, code) != "", code >= 1 && code <= 11; got != want {
			t.Errorf("CDN %d: %q", code, ResultText(CDN, code))
		}
		if got, want := ErrorText(code) != "", code >= 1 && code <= 8; got != want {
			t.Errorf("error %d: %q", code, ErrorText(code))
		}
	}
}
