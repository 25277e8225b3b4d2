// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write docs/reference/configuration.md")

// The manual says what the program does because it is made from the same data.
func TestReferenceIsCurrent(t *testing.T) {
	const path = "../../../docs/reference/configuration.md"
	want := Manual(Root())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not current; run go test ./internal/config/schema -update", path)
	}
}

// The parser and the builder trust the tables; this is where they are checked.
func TestSchemaIsSound(t *testing.T) {
	root := Root()
	check := func(path string, n *Node) {
		bad := func(format string, args ...any) { t.Errorf("%s: %s", path, fmt.Sprintf(format, args...)) }
		if n.Help == "" || !strings.HasSuffix(n.Help, ".") {
			bad("help %q is not a sentence", n.Help)
		}
		if n.Default != "" {
			if err := n.Type.Check(n.Default); err != nil || n.Mandatory {
				bad("default %q: %v, mandatory %v", n.Default, err, n.Mandatory)
			}
		}
		if !n.Braced() && (len(n.Children) > 0 || n.OneLine || n.Inline) {
			bad("a leaf has no statements")
		}
		if n.Kind == Container && n.Type.Form != Text || n.Kind == Flag && n.Type.Form != Text {
			bad("has a type and takes no value")
		}
		if n.Single && n.Kind != List {
			bad("only a list can be single")
		}
		if n.OneLine && slices.ContainsFunc(n.Children, (*Node).Braced) {
			bad("braces do not fit on one line")
		}
		if n.Type.Form == Reference {
			list := root.At(strings.Fields(n.Type.Target)...)
			if list.Kind != List && list.Child("") == nil {
				bad("refers to %s, which is no list", n.Type.Target)
			}
		}
		seen := make(map[string]bool)
		for _, c := range n.Children {
			seen[c.Name] = true
		}
		for _, a := range n.Unsupported {
			if seen[a.Name] {
				bad("%s is there twice, or supported and not", a.Name)
			}
			seen[a.Name] = true
		}
		for _, r := range n.Rules {
			if r.Kind == Unique {
				n.At(r.Names...)
				continue
			}
			for _, name := range r.Names {
				n.At(name)
			}
		}
	}
	check("", root)
	root.Walk(func(path []string, n *Node) { check(strings.Join(path, " "), n) })
}

func TestTypes(t *testing.T) {
	word := words(Choice{Name: "accept"}, Choice{Name: "reject"}).refuse("radius")
	for _, test := range []struct {
		t    Type
		v    string
		want string // part of the error; empty: the value is right
	}{
		{seconds(0, 3600), "0", ""},
		{seconds(0, 3600), "3600", ""},
		{seconds(0, 3600), "3601", "3601 is outside 0..3600 seconds"},
		{seconds(0, 3600), "-1", `expected a number, 0..3600 seconds, not "-1"`},
		{seconds(0, 3600), "18446744073709551616", "outside"},
		{seconds(0, 3600), "1e3", "expected a number"},
		{integer(1, 9).or("automatic", ""), "automatic", ""},
		{integer(1, 9).or("automatic", ""), "0", "0 is outside 1..9 or automatic"},
		{word, "accept", ""},
		{word, "acept", `did you mean "accept"?`},
		{word, "radius", `"radius" is not supported; expected accept or reject`},
		{text(1, 3, ""), "", "0 octets; expected 1 to 3"},
		{text(1, 3, ""), "abcd", "4 octets"},
		{name(""), "a b", "no blanks"},
		{name(""), strings.Repeat("a", 64), "1 to 63 octets, not 64"},
		{Type{Form: Address}, "192.0.2.1", ""},
		{Type{Form: Address}, "2001:db8::1", ""},
		{Type{Form: Address}, "fe80::1%eth0", "expected an IPv4 or IPv6 address"},
		{Type{Form: Address}, "::ffff:192.0.2.1", "expected an IPv4 or IPv6 address"},
		{Type{Form: IPv4}, "2001:db8::1", "expected an IPv4 address"},
		{Type{Form: IPv6}, "192.0.2.1", "expected an IPv6 address"},
		{Type{Form: Network4}, "100.64.0.0/16", ""},
		{Type{Form: Network4}, "100.64.0.1/16", "did you mean 100.64.0.0/16?"},
		{Type{Form: Network4}, "2001:db8::/32", "expected an IPv4 prefix"},
		{Type{Form: Network6}, "2001:db8::/32", ""},
		{Type{Form: Network6}, "::ffff:192.0.2.0/120", "expected an IPv6 prefix"},
		{Type{Form: InterfaceAddress4}, "192.0.2.1/24", ""},
		{Type{Form: InterfaceAddress4}, "192.0.2.1", "with its prefix length"},
		{Type{Form: InterfaceAddress6}, "2001:db8::1/64", ""},
		{Type{Form: Endpoint}, "[::1]:9117", ""},
		{Type{Form: Endpoint}, "localhost:9117", "expected an address and port"},
		{Type{Form: Interface}, "lo0", ""},
		{Type{Form: Interface}, "si-1/0/0", ""},
		{Type{Form: Interface}, "si-01/0/0", "neither lo0 nor a service interface"},
		{Type{Form: Interface}, "si-1/0/0/0", "neither lo0 nor a service interface"},
		{Type{Form: Interface}, "si-256/0/0", "neither lo0 nor a service interface"},
		{Type{Form: Interface}, "ge-0/0/0", "neither lo0 nor a service interface"},
		{Type{Form: Loopback}, "lo0.0", ""},
		{Type{Form: Loopback}, "lo0", "a logical interface of lo0"},
		{Type{Form: Loopback}, "lo0.99999", "a logical interface of lo0"},
		{Type{Form: Password, Min: 1, Max: 4}, "abcde", "5 octets; expected 1 to 4"},
		{Type{Form: Password, Min: 1, Max: 4}, "$9$LbHX-wg4Z", ""},
		{Type{Form: Password, Min: 1, Max: 4}, "$5$salt$hash", "one-way hash"},
	} {
		err := test.t.Check(test.v)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %q: got error %v, want %q", test.t, test.v, err, test.want)
		}
	}
}

func TestNearest(t *testing.T) {
	all := []string{"hello-interval", "hide-avps", "drain", "dynamic-profile"}
	for word, want := range map[string]string{
		"hello-intervall": "hello-interval", "helo-interval": "hello-interval", "hello-itnerval": "hello-interval",
		"hide-avp": "hide-avps", "darin": "drain", "dr": "", "tunnel": "", "drain": "", "": "",
		strings.Repeat("x", 100000): "",
	} {
		if got := Nearest(word, all); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}

// The $9$ form must be the one that routers write: pairs that other programs
// have published.
func TestSecretVectors(t *testing.T) {
	for obscured, plain := range map[string]string{
		"$9$LbHX-wg4Z":                     "lc",
		"$9$nnet/9pOBEyrv":                 "abc",
		"$9$nnet/p01RhrKM":                 "123",
		"$9$nnet9pBcSe8xdApK8xdg4aZUi.5":   "netconan",
		"$9$2GgZjHkPQ39.PhrvLVb.P5Tz6":     "password",
		"plain":                            "plain",
		"$9 is how the other form begins.": "$9 is how the other form begins.",
	} {
		s, err := ParseSecret(obscured)
		if err != nil || s.Reveal() != plain {
			t.Errorf("ParseSecret(%q) = %q, %v; want %q", obscured, s.Reveal(), err, plain)
		}
	}
	for _, wrong := range []string{"$9$", "$9$L", "$9$LbHX-wg4", "$9$LbHX-wg4!", "$9$ABC123", "$9$LbHX-wg4ZZ", "$9$LbHX-www4", "$1$x", "$5$x", "$6$x"} {
		if s, err := ParseSecret(wrong); err == nil {
			t.Errorf("ParseSecret(%q) = %q; want an error", wrong, s.Reveal())
		}
	}
}

func TestSecretReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Secret{string(rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "octets"))}
		got, err := ParseSecret(want.Obscure())
		if err != nil || got != want {
			t.Fatalf("%q became %q: %v", want.plain, got.plain, err)
		}
	})
}

// No way of printing shows a secret.
func TestSecretDoesNotPrint(t *testing.T) {
	v := struct{ S Secret }{Secret{"hush-hush"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if out := fmt.Sprintf(format, v); strings.Contains(out, "hush") {
			t.Errorf("%s shows %s", format, out)
		}
	}
}

func FuzzSecret(f *testing.F) {
	f.Add("$9$LbHX-wg4Z")
	f.Add("$9$")
	f.Add("")
	f.Fuzz(func(t *testing.T, v string) {
		s, err := ParseSecret(v)
		if err != nil {
			return
		}
		if again, err := ParseSecret(s.Obscure()); err != nil || again != s {
			t.Fatalf("%q: %q became %q, %v", v, s.plain, again.plain, err)
		}
	})
}
