// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"strconv"
	"time"

	"holdfast/internal/config/schema"
)

// view reads one container or list entry of a tree: it may be absent, and then
// has nothing but defaults. Asking for a statement that the schema does not have
// there is a mistake in this program and panics.
type view struct {
	node *schema.Node
	at   *Statement // nil: absent
}

// present says whether the container was written.
func (v view) present() bool { return v.at != nil }

// pos is where the container stands.
func (v view) pos() Pos {
	if v.at == nil {
		return Pos{1, 1}
	}
	return v.at.Pos
}

func (v view) key() string { return v.at.Key }

// sub is the container at a path of names.
func (v view) sub(names ...string) view {
	for _, name := range names {
		node := v.node.At(name)
		next := view{node: node}
		if v.at != nil {
			for _, c := range v.at.Children {
				if c.Schema == node {
					next.at = c
				}
			}
		}
		v = next
	}
	return v
}

// entries are those of the list called name, in their order.
func (v view) entries(name string) []view {
	node := v.node.At(name)
	var out []view
	if v.at != nil {
		for _, c := range v.at.Children {
			if c.Schema == node {
				out = append(out, view{node: node, at: c})
			}
		}
	}
	return out
}

// given is the statement called name when it was written, else nil.
func (v view) given(name string) *Statement { return v.sub(name).at }

// has says whether the statement called name was written.
func (v view) has(name string) bool { return v.given(name) != nil }

// posOf is where the value of a leaf stands, or the container that lacks it.
func (v view) posOf(name string) Pos {
	if s := v.given(name); s != nil {
		return s.keyPos()
	}
	return v.pos()
}

// values are those written, or the default.
func (v view) values(name string) []string {
	if s := v.given(name); s != nil {
		return s.Values
	}
	if d := v.node.At(name).Default; d != "" {
		return []string{d}
	}
	return nil
}

// text is the value of a leaf; empty: absent and without default.
func (v view) text(name string) string {
	if all := v.values(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// The readers below trust the types of the schema, which the parser has checked.

// int is the value of a number; 0: absent and without default, or a word.
func (v view) int(name string) int { return number(v.text(name)) }

func number(text string) int {
	n, _ := strconv.ParseInt(text, 10, 64)
	return int(n)
}

func (v view) seconds(name string) time.Duration { return time.Duration(v.int(name)) * time.Second }
func (v view) minutes(name string) time.Duration { return time.Duration(v.int(name)) * time.Minute }

// addr is the value of an address; invalid: absent.
func (v view) addr(name string) netip.Addr { return parseAddr(v.text(name)) }

func parseAddr(text string) netip.Addr {
	a, _ := netip.ParseAddr(text)
	return a
}

func (v view) prefix(name string) netip.Prefix {
	p, _ := netip.ParsePrefix(v.text(name))
	return p
}

// secret is the value of a secret; empty: absent.
func (v view) secret(name string) string { return reveal(v.text(name)) }

func reveal(text string) string {
	s, _ := schema.ParseSecret(text)
	return s.Reveal()
}
