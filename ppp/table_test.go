// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// notation writes a cell as the RFC does.
func (c cell) notation() string {
	if c == no {
		return "-"
	}
	names := [...]string{"tls", "tld", "irc", "zrc", "scr", "sca", "scn", "str", "sta", "scj", "ser", "tlu", "tlf"}
	var actions []string
	for i, name := range names {
		if c&(tls<<i) != 0 {
			actions = append(actions, name)
		}
	}
	if len(actions) == 0 {
		return fmt.Sprint(uint8(c.to()))
	}
	return fmt.Sprintf("%s/%d", strings.Join(actions, ","), c.to())
}

// The table is that of RFC 1661 §4.1, cell by cell: testdata holds the text of
// the RFC. The letters behind a state point to footnotes about options that we
// do not take.
func TestTableIsTheRFCs(t *testing.T) {
	text, err := os.ReadFile("testdata/rfc1661-4.1.txt")
	if err != nil {
		t.Fatal(err)
	}
	events := map[string]event{}
	for e := range eventCount {
		events[e.String()] = e
	}
	cells, first := 0, state(0)
	for line := range strings.Lines(string(text)) {
		name, row, found := strings.Cut(line, "|")
		name = strings.TrimSpace(name)
		columns := strings.Fields(row)
		if name == "Events" {
			for i, column := range columns {
				if got := (first + state(i)).String(); got != column {
					t.Errorf("state %d is %q, in the RFC %q", int(first)+i, got, column)
				}
			}
			continue
		}
		if strings.HasPrefix(row, " State") {
			first = state(cells / int(eventCount))
		}
		e, ok := events[name]
		if !found || !ok {
			continue
		}
		for i, want := range columns {
			s := first + state(i)
			want = strings.TrimRight(want, "rpx")
			if got := transitions[e][s].notation(); got != want {
				t.Errorf("%v in %v is %s, in the RFC %s", e, s, got, want)
			}
			cells++
		}
	}
	if want := int(eventCount) * int(stateCount); cells != want {
		t.Errorf("compared %d cells, want %d", cells, want)
	}
}

// "The states in which the Restart timer is running are identifiable by the
// presence of TO events." RFC 1661 §4.1
func TestTimedStates(t *testing.T) {
	for s := range stateCount {
		want := s == closing || s == stopping || s == reqSent || s == ackRcvd || s == ackSent
		if s.timed() != want {
			t.Errorf("%v: timed is %v", s, s.timed())
		}
		if plus, minus := transitions[evTOPlus][s] == no, transitions[evTOMinus][s] == no; plus != minus {
			t.Errorf("%v has only one TO event", s)
		}
	}
}
