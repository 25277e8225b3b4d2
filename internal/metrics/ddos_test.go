// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/internal/police"
)

// policed is the state of policers that let one SCCRQ a second in: of three that
// came at once at slot 1 two were dropped.
func policed() police.Snapshot {
	now := time.Unix(1_700_000_000, 0)
	c := police.Defaults()
	c.Slots = []police.Slot{{Number: 0, Name: "lo"}, {Number: 1, Name: "eth0"}}
	c.FlowDetection = true
	a := &c.Types[police.L2TPAggregate]
	a.Bandwidth, a.Burst, a.Configured = 1, 1, police.KnobBandwidth
	p, err := police.New(police.Options{Slots: 2, Epoch: now}, c)
	if err != nil {
		panic(err)
	}
	for range 3 {
		if p.Ingress(now, 1, police.SCCRQ, nil, false) == police.Pass {
			p.Host(now, police.SCCRQ, false)
		}
	}
	now = now.Add(time.Second)
	p.Advance(now, nil)
	return p.Snapshot(now)
}

// What policers let in and what they do not is shown by type and level.
func TestPolicersAreShown(t *testing.T) {
	text := exposition(t, newSource(1))
	for _, line := range []string{
		`holdfast_ddos_received_packets_total{location="fpc 1",protocol="l2tp",type="sccrq"} 3`,
		`holdfast_ddos_received_packets_total{location="routing-engine",protocol="l2tp",type="sccrq"} 1`,
		`holdfast_ddos_dropped_packets_total{location="fpc 1",protocol="l2tp",type="sccrq",verdict="aggregate"} 2`,
		`holdfast_ddos_dropped_packets_total{location="fpc 1",protocol="l2tp",type="sccrq",verdict="flow"} 0`,
		`holdfast_ddos_arrival_rate{protocol="l2tp",type="aggregate"} 3`,
		`holdfast_ddos_violated{protocol="l2tp",type="aggregate"} 1`, `holdfast_ddos_violated{protocol="ppp",type="aggregate"} 0`,
		`holdfast_ddos_violations_total{protocol="l2tp",type="aggregate"} 1`,
		`holdfast_ddos_flow_table_size 65536`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("not shown: %s", line)
		}
	}
	if strings.Contains(text, `"fpc 0"`) {
		t.Error("a device at which nothing came has rows")
	}
}

// What the manual tells operators to watch is there.
func TestDDoSManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations/ddos.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := exposition(t, newSource(1))
	names := regexp.MustCompile("`(holdfast_[a-z_]+)`").FindAllSubmatch(text, -1)
	for _, n := range names {
		if !strings.Contains(shown, string(n[1])) {
			t.Errorf("%s is not shown", n[1])
		}
	}
	if len(names) < 5 {
		t.Errorf("it names %d metrics", len(names))
	}
}
