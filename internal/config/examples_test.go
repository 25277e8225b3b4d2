// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/lns"
	"holdfast/internal/police"
)

// load reads a configuration that must be right.
func load(t *testing.T, name string, text []byte) (*Tree, *Result) {
	t.Helper()
	tree, r, errs := Load(name, text)
	for _, err := range errs {
		t.Error(err)
	}
	if len(errs) > 0 {
		t.FailNow()
	}
	return tree, r
}

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The example configurations are what people start from: they must load, and be
// in canonical form but for secrets and blank lines.
func TestExamplesLoad(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.conf")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, f := range files {
		tree, _ := load(t, f, read(t, f))
		again, _ := load(t, f, []byte(tree.Text()))
		if changes := Diff(tree, again); len(changes) > 0 {
			t.Errorf("%s: its canonical text says something else: %v", f, changes)
		}
		if diff := cmp.Diff(comparableLines(tree.Text()), comparableLines(string(read(t, f)))); diff != "" {
			t.Errorf("%s is not in canonical form: %s", f, diff)
		}
	}
}

// comparableLines leaves out what may differ from the canonical form.
func comparableLines(text string) (lines []string) {
	for _, line := range strings.Split(text, "\n") {
		for _, secret := range []string{"shared-secret ", "password ", "secret "} {
			if strings.HasPrefix(strings.TrimSpace(line), secret) {
				value, comment, _ := strings.Cut(line, ";")
				line = value[:strings.Index(value, secret)+len(secret)] + ";" + comment
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// The manual on overload prints the settings that are in force without it.
func TestOverloadSettings(t *testing.T) {
	_, block, found := strings.Cut(string(read(t, "../../docs/operations/overload.md")), "\n```\nservices {\n")
	block, _, closed := strings.Cut("services {\n"+block, "\n```\n")
	if !found || !closed {
		t.Fatal("there is no configuration in it")
	}
	_, bare := load(t, "bare", []byte(baseText()))
	_, given := load(t, "given", []byte(baseText()+block))
	if diff := cmp.Diff(bare.LNS.Admission, given.LNS.Admission); diff != "" {
		t.Errorf("admission: %s", diff)
	}
	if r := given.LNS.Redial; !slices.Equal(r.LineBy, []lns.LineKey{lns.LineByCallingNumber, lns.LineByCircuitID}) ||
		bare.LNS.Redial.LineBy != nil || r.MinimumAge != bare.LNS.Redial.MinimumAge || r.Disabled {
		t.Errorf("redial-replaces: %+v", r)
	}
}

// The manual on RADIUS prints the settings that are in force without them, and a
// configuration that is enough.
func TestAAASettings(t *testing.T) {
	var found []lns.AAAProfile
	var options []lns.Radius
	for _, block := range strings.Split(string(read(t, "../../docs/operations/aaa.md")), "\n```\n") {
		if !strings.HasPrefix(block, "access {") {
			continue
		}
		_, r := load(t, "aaa.md", []byte(baseText()+block+"\naccess domain map default access-profile residential;"))
		p := *r.LNS.Groups[0].AAA.Domains["default"].AAA
		p.Domains, p.Order = nil, p.Order[:1]
		found, options = append(found, p), append(options, r.LNS.Radius)
	}
	if len(found) != 2 {
		t.Fatalf("%d configurations", len(found))
	}
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff(found[0], found[1], same); diff != "" {
		t.Errorf("profile: %s", diff)
	}
	if diff := cmp.Diff(options[0], options[1], same); diff != "" {
		t.Errorf("options: %s", diff)
	}
}

// The demonstration dials fixed names and addresses; this is where they are
// promised.
func TestDemoSettings(t *testing.T) {
	_, r := load(t, "demo.conf", read(t, "../../examples/demo.conf"))
	for _, g := range r.LNS.Groups {
		terms := g.Terms("lac1")
		if terms == nil {
			t.Fatalf("%s: lac1 is refused", g.Name)
		}
		if got := terms.PPP.LocalIPv4; got != netip.MustParseAddr("198.51.100.1") {
			t.Errorf("%s: our IPCP address is %v", g.Name, got)
		}
		if p := terms.PPP.Pool; p == nil || p.Name != "pool-v4" || p.Prefix != netip.MustParsePrefix("100.64.0.0/16") {
			t.Errorf("%s: pool %+v", g.Name, p)
		}
		if p := terms.PPP.PoolIPv6; p == nil || p.Prefix != netip.MustParsePrefix("2001:db8:100::/40") || p.PrefixLength != 64 {
			t.Errorf("%s: IPv6 pool %+v", g.Name, p)
		}
		if order := terms.AAA.Order; len(order) != 2 || order[0] != lns.AuthPassword || order[1] != lns.AuthNone {
			t.Errorf("%s: authentication-order %v", g.Name, order)
		}
	}
	gateways := [2]netip.Addr{r.LNS.Groups[0].Gateway, r.LNS.Groups[1].Gateway}
	if want := [2]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}; gateways != want {
		t.Errorf("gateways %v, want %v", gateways, want)
	}
}

// A tunnel group as it stands in a production router's configuration loads as
// it is printed there; only its closing brace was cut off.
func TestProductionTunnelGroup(t *testing.T) {
	fragment := string(read(t, "testdata/tunnel-group.fragment"))
	around := string(read(t, "testdata/tunnel-group.around"))
	text := around + "services { l2tp {\n" + fragment + "}\n} }\n"
	_, r := load(t, "tunnel-group", []byte(text))
	g := r.LNS.Groups[0]
	if g.Name != "tg1-N00009-1-1-1" || g.Gateway != netip.MustParseAddr("67.69.121.170") {
		t.Errorf("group %+v", g)
	}
	if g.Clients.Name != "bell-l2tp-access-profile" || g.AAA.Name != "aaa-profile" || g.Profile.Name != "dynamic-profile-1" {
		t.Errorf("profiles %s, %s, %s", g.Clients.Name, g.AAA.Name, g.Profile.Name)
	}
	if len(g.Interfaces) != 2 {
		t.Errorf("interfaces %v", g.Interfaces)
	}
	if terms := g.Terms("any LAC"); terms == nil || terms.Tunnel.HelloInterval >= 0 {
		t.Error("hello-interval 0 does not reach the tunnels")
	}
	// And its policer, as it stands there beside it.
	a := &r.Police.Types[police.L2TPAggregate]
	if a.Bandwidth != 250 || a.Burst != 250 || a.RecoverTime != 90*time.Second ||
		a.Configured != police.KnobBandwidth|police.KnobBurst|police.KnobRecoverTime {
		t.Errorf("aggregate %+v", a)
	}
}
