// SPDX-License-Identifier: Apache-2.0

package event

import "iter"

// Field names one field of a Record.
type Field uint8

// The fields, in the order in which log lines show them.
const (
	Shard Field = iota
	Group
	LAC
	Peer
	Tunnel
	Session
	User
	Calling
	Address
	Name
	Count
	Text
	Err
	fieldCount
)

// fields says for each Field its key in a log line, its meaning, and where it is.
var fields = [fieldCount]struct {
	key, help string
	of        func(*Record) any
}{
	Shard:   {"shard", "number of the shard", func(r *Record) any { return r.Shard }},
	Group:   {"group", "tunnel group", func(r *Record) any { return r.Group }},
	LAC:     {"lac", "Host Name of the LAC", func(r *Record) any { return r.LAC }},
	Peer:    {"peer", "address and port of the LAC", func(r *Record) any { return r.Peer }},
	Tunnel:  {"tunnel", "local Tunnel ID", func(r *Record) any { return r.Tunnel }},
	Session: {"session", "local Session ID", func(r *Record) any { return r.Session }},
	User:    {"user", "user name", func(r *Record) any { return r.User }},
	Calling: {"calling", "Calling Number", func(r *Record) any { return r.Calling }},
	Address: {"address", "address of the subscriber", func(r *Record) any { return r.Address }},
	Name:    {"name", "name of what the event is about", func(r *Record) any { return r.Name }},
	Count:   {"count", "a number, see the event", func(r *Record) any { return r.Count }},
	Text:    {"text", "the event in a sentence", func(r *Record) any { return r.Text }},
	Err:     {"cause", "why", func(r *Record) any { return r.Err }},
}

// Key is the field's name in a log line.
func (f Field) Key() string { return fields[f].key }

// All yields the fields that the event declares, in order, with their values.
// A field that holds nothing (no address, no text, no cause) is left out;
// numbers are always there, because zero is a value.
func (r *Record) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, f := range r.ID.Def().Fields {
			if r.has(f) && !yield(fields[f].key, fields[f].of(r)) {
				return
			}
		}
	}
}

// has reports whether the field holds something to show.
func (r *Record) has(f Field) bool {
	switch f {
	case Group:
		return r.Group != ""
	case LAC:
		return r.LAC != ""
	case Peer:
		return r.Peer.IsValid()
	case User:
		return r.User != ""
	case Calling:
		return r.Calling != ""
	case Address:
		return r.Address.IsValid()
	case Name:
		return r.Name != ""
	case Text:
		return r.Text != ""
	case Err:
		return r.Err != nil
	default:
		return true
	}
}
