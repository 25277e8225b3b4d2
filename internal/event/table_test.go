// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// Every event is declared in full: a log line without a name or a meaning is of
// no use to the operator who finds it.
func TestEveryEventIsDeclared(t *testing.T) {
	name := regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)
	seen := map[string]ID{}
	for id := range eventCount {
		d := id.Def()
		switch {
		case d.Name == "":
			t.Errorf("event %d has no row in the table", id)
		case !name.MatchString(d.Name):
			t.Errorf("event %d: name %q is not WORDS_IN_CAPITALS", id, d.Name)
		case !strings.HasSuffix(d.Help, ".") || len(d.Help) < 20:
			t.Errorf("%s: help %q is not a sentence", d.Name, d.Help)
		case len(d.Fields) == 0:
			t.Errorf("%s has no field", d.Name)
		}
		if other, dup := seen[d.Name]; dup {
			t.Errorf("events %d and %d are both %s", other, id, d.Name)
		}
		seen[d.Name] = id
		used := map[Field]bool{}
		for _, f := range d.Fields {
			if used[f] {
				t.Errorf("%s names the field %s twice", d.Name, f.Key())
			}
			used[f] = true
		}
	}
}

// A peer that errs or attacks must not fill the disk.
func TestWhatPeersCauseHasARate(t *testing.T) {
	for id := range eventCount {
		d := id.Def()
		for _, f := range d.Fields {
			if (f == Peer || f == User) && d.Rate == 0 {
				t.Errorf("%s can be caused by a peer and has no rate", d.Name)
			}
		}
	}
}

// Each key stands for one field, each field has a key, a meaning and a value.
func TestEveryFieldIsDeclared(t *testing.T) {
	seen := map[string]bool{}
	for f := range fieldCount {
		d := fields[f]
		if d.key == "" || d.help == "" || d.of == nil || seen[d.key] {
			t.Errorf("field %d (%q) is not declared, or twice", f, d.key)
		}
		seen[d.key] = true
	}
}

// A record shows the fields that its event declares and that hold something, in order.
func TestRecordShowsDeclaredFields(t *testing.T) {
	r := Record{
		ID: SessionDown, Shard: 1, Tunnel: 7, Session: 9, User: "user1@example", Calling: "",
		Peer: netip.MustParseAddrPort("192.0.2.7:1701"), LAC: "lac1", Group: "tg1",
		Name: "not declared for this event", Err: errors.New("peer hung up"),
	}
	var keys []string
	values := map[string]any{}
	for k, v := range r.All() {
		keys = append(keys, k)
		values[k] = v
	}
	if got, want := strings.Join(keys, " "), "shard group lac peer tunnel session user cause"; got != want {
		t.Errorf("fields are %q, want %q", got, want)
	}
	if values["session"] != uint16(9) || values["lac"] != "lac1" || values["peer"] != r.Peer || values["cause"] != r.Err {
		t.Errorf("values are %v", values)
	}
}

// An early stop of the reader is honoured, and an unknown event has nothing to show.
func TestRecordStopsAndUnknown(t *testing.T) {
	n := 0
	for range (&Record{ID: TunnelUp, LAC: "lac1"}).All() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("the reader stopped after 1 field and was shown %d", n)
	}
	for k := range (&Record{ID: eventCount}).All() {
		t.Errorf("unknown event shows %s", k)
	}
	if s := ID(eventCount).String(); s != "" {
		t.Errorf("unknown event is called %q", s)
	}
	if s := Level(200).String(); s != "unknown" {
		t.Errorf("unknown level is called %q", s)
	}
}
