// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"holdfast/ppp"
)

// Flags become the plan that they name; what is not said gets the same default
// in the help and in the plan.
func TestStormFlags(t *testing.T) {
	var cli commandLine
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	words := "storm --lacs 3 --tunnels 60 --sessions 600 --rate 50 --in-flight 99 --auth pap,mschapv2 --secret s3cret" +
		" --family ipv4,ipv6 --source 192.0.2.11 --source 192.0.2.12:1702 --source 2001:db8::7 --traffic 10 --to 203.0.113.1" +
		" --to [2001:db8::1]:7 --hold 3s --redial=-1s 192.0.2.1 192.0.2.2:1800"
	if _, err := parser.Parse(strings.Fields(words)); err != nil {
		t.Fatal(err)
	}
	o, err := cli.Storm.options(cli.Storm.Dial.LNS)
	if err != nil {
		t.Fatal(err)
	}
	p := o.Plan.WithDefaults()
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort
	for _, c := range []struct{ got, want any }{
		{fmt.Sprint(p.LNS), fmt.Sprint([]netip.AddrPort{addr("192.0.2.1:1701"), addr("192.0.2.2:1800")})},
		{fmt.Sprint(o.Sources), fmt.Sprint([]netip.AddrPort{addr("192.0.2.11:1701"), addr("192.0.2.12:1702"), addr("[2001:db8::7]:1701")})},
		{fmt.Sprint(p.Traffic.To), fmt.Sprint([]netip.AddrPort{addr("203.0.113.1:0"), addr("[2001:db8::1]:7")})},
		{fmt.Sprint(p.Auth), fmt.Sprint([]ppp.AuthMethod{ppp.PAP, ppp.MSCHAPv2})},
		{fmt.Sprint(p.LACs, p.Tunnels, p.Sessions, p.Rate, p.InFlight, p.Secret), "3 60 600 50 99s3cret"},
		{fmt.Sprint(p.IPv4, p.IPv6, p.Traffic.Rate, p.Traffic.Size), "true true 10 128"},
		{fmt.Sprint(o.Hold, p.RedialDelay, p.Patience), "3s -1s 10s"},
		{fmt.Sprint(p.EchoInterval, p.HelloInterval), "10s 1m0s"},
		{p.User + p.Password + p.HostName + p.Calling, "user%d@examplepasswordlac%d%d"},
	} {
		if c.got != c.want {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	if _, err := cli.Storm.options([]string{"lns.example"}); err == nil || !strings.Contains(err.Error(), "lns.example") {
		t.Errorf("a name instead of an address: %v", err)
	}
}

// The manual names no flag that does not exist.
func TestManualNamesRealFlags(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations/storm.md")
	if err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(&commandLine{})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"help": true}
	for _, command := range parser.Model.Children {
		if command.Name == "storm" {
			for _, f := range command.Flags {
				known[f.Name] = true
			}
		}
	}
	named := regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllSubmatch(text, -1)
	if len(named) < 10 {
		t.Fatalf("only %d flags in the manual", len(named))
	}
	for _, m := range named {
		if !known[string(m[1])] {
			t.Errorf("--%s is no flag of storm", m[1])
		}
	}
}
