// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Form is the form of a value.
type Form uint8

// Forms of values.
const (
	Text              Form = iota // any characters, Min..Max octets
	Name                          // a word without blanks or quotes, 1..63 octets
	Integer                       // Min..Max, or one of Words
	Word                          // one of Words
	Address                       // an IPv4 or IPv6 address
	IPv4                          // an IPv4 address
	IPv6                          // an IPv6 address
	Network4                      // an IPv4 prefix without host bits
	Network6                      // an IPv6 prefix without host bits
	InterfaceAddress4             // an IPv4 address with its prefix length
	InterfaceAddress6             // an IPv6 address with its prefix length
	Endpoint                      // an address and a port
	Interface                     // lo0 or si-1/0/0
	Loopback                      // a logical interface of lo0: lo0.0
	Reference                     // the key of an entry of the list at Target
	Password                      // plain or $9$, Min..Max octets; see Secret
)

// Choice is one word a value may be.
type Choice struct {
	Name        string
	Help        string
	Unsupported bool // a Junos word that is refused by name
}

// Type is what a value may be.
type Type struct {
	Form     Form
	Min, Max int64
	Unit     string // seconds, octets, ...; for people
	Words    []Choice
	Target   string // Reference: path of the list
	Meta     string // what stands for the value in the manual; empty: made from Form
}

// Constructors that keep the tables of statements short.

func integer(min, max int64) Type { return Type{Form: Integer, Min: min, Max: max} }
func unit(min, max int64, unit string) Type {
	return Type{Form: Integer, Min: min, Max: max, Unit: unit}
}
func seconds(min, max int64) Type           { return unit(min, max, "seconds") }
func reference(target, meta string) Type    { return Type{Form: Reference, Target: target, Meta: meta} }
func name(meta string) Type                 { return Type{Form: Name, Meta: meta} }
func text(min, max int64, meta string) Type { return Type{Form: Text, Min: min, Max: max, Meta: meta} }
func words(choices ...Choice) Type          { return Type{Form: Word, Words: choices} }
func constant(value, help string) Type      { return words(Choice{Name: value, Help: help}) }
func (t Type) or(word, help string) Type {
	t.Words = append(t.Words, Choice{Name: word, Help: help})
	return t
}
func (t Type) refuse(names ...string) Type {
	for _, n := range names {
		t.Words = append(t.Words, Choice{Name: n, Unsupported: true})
	}
	return t
}

// Constant says that the value can be only one thing: the statement is there
// because Junos asks for it.
func (t Type) Constant() bool { return t.Form == Word && len(t.supported()) == 1 }

// Check says what is wrong with a value, in words that fit after its name; nil: nothing.
func (t Type) Check(v string) error {
	for _, c := range t.Words {
		if c.Name == v {
			if c.Unsupported {
				return fmt.Errorf("%q is not supported; expected %v", v, t)
			}
			return nil
		}
	}
	switch t.Form {
	case Text:
		return t.checkLength(v)
	case Name, Reference:
		return checkName(v)
	case Integer:
		return t.checkInteger(v)
	case Word:
		return t.checkWord(v)
	case Interface:
		return checkInterface(v)
	case Loopback:
		return t.checkLoopback(v)
	case Password:
		s, err := ParseSecret(v)
		if err != nil {
			return err
		}
		return t.checkLength(s.Reveal())
	default:
		return t.checkAddress(v)
	}
}

func (t Type) checkLength(v string) error {
	if n := int64(len(v)); n < t.Min || n > t.Max {
		return fmt.Errorf("%d octets; expected %d to %d", n, t.Min, t.Max)
	}
	return nil
}

func checkName(v string) error {
	if len(v) == 0 || len(v) > 63 {
		return fmt.Errorf("a name has 1 to 63 octets, not %d", len(v))
	}
	if i := strings.IndexFunc(v, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"{}[];`, r)
	}); i >= 0 {
		return fmt.Errorf("a name has no blanks, quotes, brackets or semicolons: %q", v)
	}
	return nil
}

func (t Type) checkInteger(v string) error {
	n, err := strconv.ParseUint(v, 10, 63)
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%s is outside %v", v, t)
	}
	if err != nil {
		return fmt.Errorf("expected a number, %v, not %q", t, v)
	}
	if int64(n) < t.Min || int64(n) > t.Max {
		return fmt.Errorf("%s is outside %v", v, t)
	}
	return nil
}

func (t Type) checkWord(v string) error {
	if near := Nearest(v, t.supported()); near != "" && !t.Constant() {
		return fmt.Errorf("expected %v, not %q; did you mean %q?", t, v, near)
	}
	return fmt.Errorf("expected %v, not %q", t, v)
}

func (t Type) checkLoopback(v string) error {
	unit, found := strings.CutPrefix(v, "lo0.")
	if found && (Type{Form: Integer, Max: 16385}).checkInteger(unit) == nil {
		return nil
	}
	return fmt.Errorf("expected %v, not %q", t, v)
}

func checkInterface(v string) error {
	if v == "lo0" {
		return nil
	}
	rest, found := strings.CutPrefix(v, "si-")
	parts := strings.Split(rest, "/")
	if !found || len(parts) != 3 || slices.ContainsFunc(parts, func(p string) bool {
		n, err := strconv.ParseUint(p, 10, 8)
		return err != nil || strconv.FormatUint(n, 10) != p
	}) {
		return fmt.Errorf("%q is neither lo0 nor a service interface such as si-1/0/0; other interfaces belong to the operating system", v)
	}
	return nil
}

func (t Type) checkAddress(v string) error {
	if t.Form == Endpoint {
		if _, err := netip.ParseAddrPort(v); err != nil {
			return fmt.Errorf("expected %v, not %q", t, v)
		}
		return nil
	}
	if t.Form == Address || t.Form == IPv4 || t.Form == IPv6 {
		a, err := netip.ParseAddr(v)
		if err != nil || a.Zone() != "" || a.Is4In6() || (t.Form == IPv4 && !a.Is4()) || (t.Form == IPv6 && !a.Is6()) {
			return fmt.Errorf("expected %v, not %q", t, v)
		}
		return nil
	}
	p, err := netip.ParsePrefix(v)
	v4 := t.Form == Network4 || t.Form == InterfaceAddress4
	if err != nil || p.Addr().Is4() != v4 || p.Addr().Is4In6() {
		return fmt.Errorf("expected %v, not %q", t, v)
	}
	if (t.Form == Network4 || t.Form == Network6) && p.Masked() != p {
		return fmt.Errorf("%s has bits set behind its prefix length; did you mean %v?", v, p.Masked())
	}
	return nil
}

func (t Type) supported() []string {
	var out []string
	for _, c := range t.Words {
		if !c.Unsupported {
			out = append(out, c.Name)
		}
	}
	return out
}

// String says what a value may be, for error texts and the manual.
func (t Type) String() string {
	s := t.form()
	w := t.supported()
	if t.Form == Word {
		return s
	}
	if len(w) > 0 {
		return s + " or " + strings.Join(w, " or ")
	}
	return s
}

func (t Type) form() string {
	switch t.Form {
	case Text:
		return fmt.Sprintf("a text of %d to %d octets", t.Min, t.Max)
	case Name:
		return "a name"
	case Integer:
		s := fmt.Sprintf("%d..%d", t.Min, t.Max)
		if t.Unit != "" {
			s += " " + t.Unit
		}
		return s
	case Word:
		w := t.supported()
		if len(w) < 2 {
			return strings.Join(w, "")
		}
		return strings.Join(w[:len(w)-1], ", ") + " or " + w[len(w)-1]
	case Address:
		return "an IPv4 or IPv6 address"
	case IPv4:
		return "an IPv4 address"
	case IPv6:
		return "an IPv6 address"
	case Network4:
		return "an IPv4 prefix such as 100.64.0.0/16"
	case Network6:
		return "an IPv6 prefix such as 2001:db8::/40"
	case InterfaceAddress4:
		return "an IPv4 address with its prefix length such as 192.0.2.1/32"
	case InterfaceAddress6:
		return "an IPv6 address with its prefix length such as 2001:db8::1/128"
	case Endpoint:
		return "an address and port such as 127.0.0.1:9100 or [::1]:9100"
	case Interface:
		return "lo0 or a service interface such as si-1/0/0"
	case Loopback:
		return "a logical interface of lo0 such as lo0.0"
	case Reference:
		return "a name in " + t.Target
	case Password:
		return fmt.Sprintf("a secret of %d to %d octets, plain or in $9$ form", t.Min, t.Max)
	}
	return "?"
}

// Placeholder stands for a value in the manual and in paths.
func (t Type) Placeholder() string {
	if t.Meta != "" {
		return t.Meta
	}
	switch t.Form {
	case Integer:
		return "NUMBER"
	case Word:
		w := t.supported()
		if len(w) == 1 {
			return w[0]
		}
		return "(" + strings.Join(w, " | ") + ")"
	case Address, IPv4, IPv6:
		return "ADDRESS"
	case Network4, Network6, InterfaceAddress4, InterfaceAddress6:
		return "PREFIX"
	case Endpoint:
		return "ADDRESS:PORT"
	case Interface, Loopback:
		return "INTERFACE"
	case Password:
		return "SECRET"
	}
	return "NAME"
}
