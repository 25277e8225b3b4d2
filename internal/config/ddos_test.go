// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"holdfast/internal/config/statements"
	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

// attack offers packets of a type to policers and notes what became of them and
// what was reported: at both ingress devices 300 a second, of one caller or of
// many, for half a minute, then nothing until all violations are over.
func attack(t *testing.T, c police.Config, kind police.Type, callers int) string {
	t.Helper()
	c.Slots = []police.Slot{{Number: 0, Name: "eth0"}, {Number: 1, Name: "eth1"}}
	p, err := police.New(police.Options{Slots: 2, Flows: 4096, Epoch: worldEpoch, Key: [2]uint64{1, 2}}, c)
	if err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	var events []police.Event
	until := func(now time.Time) {
		for !p.Next().After(now) {
			at := p.Next()
			events = p.Advance(at, events[:0])
			for _, e := range events {
				fmt.Fprintf(&seen, "\n%v %v %v %v %v %v\n", at.Sub(worldEpoch), e.Kind, e.Type, e.Host, e.Slot.Number, e.Flow.Level)
			}
		}
	}
	d := packet.Datagram{Local: worldGateway, Data: policetest.Octets(kind, 1, 1)}
	now := worldEpoch
	for i := range 30 * 300 {
		now = worldEpoch.Add(time.Duration(i) * time.Second / 300)
		until(now)
		for slot := range 2 {
			d.Peer = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(10 + slot)}), uint16(1701+i%callers))
			v := p.Ingress(now, slot, kind, &d, false)
			if v == police.Pass {
				v = 10 + p.Host(now, kind, false)
			}
			seen.WriteByte('a' + byte(v))
		}
	}
	until(now.Add(400 * time.Second))
	return seen.String()
}

// What counts is what becomes of packets: each statement tells itself by a
// verdict or a report.
func TestEveryDDoSStatementIsObserved(t *testing.T) {
	for _, c := range statements.Cases() {
		words := strings.Fields(c.Statement)
		if words[1] != "ddos-protection" {
			continue
		}
		kind := police.ICRQ
		if words[2] == "protocols" {
			kind = map[string]police.Type{"l2tp": police.ICRQ, "ppp": police.LCP, "radius": police.RADIUSServer}[words[3]]
		}
		t.Run(strings.ReplaceAll(c.Statement, " ", "/"), func(t *testing.T) {
			before, after := c.Texts()
			_, was := load(t, "before", []byte(before))
			_, is := load(t, "after", []byte(after))
			for _, callers := range []int{1, 30} {
				if attack(t, was.Police, kind, callers) != attack(t, is.Police, kind, callers) {
					return
				}
			}
			t.Error("nobody sees a difference")
		})
	}
}

// What is out of range as a whole is said where it stands.
func TestDDoSErrors(t *testing.T) {
	for text, want := range map[string]string{
		"set system ddos-protection protocols l2tp aggregate bypass-aggregate": "the aggregate cannot bypass itself",
		"set system ddos-protection protocols l2tp icrq hostbound-queue 3":     "hostbound-queue",
		"set system ddos-protection protocols l2tp icrq fpc 1 hostbound-queue": "hostbound-queue",
		"set system ddos-protection protocols l2tp padi bandwidth 3":           "padi",
		"set system ddos-protection protocols l2tp icrq bandwidth 100001":      "outside",
		"set system ddos-protection protocols dhcpv4 aggregate bandwidth 3":    "dhcpv4",
	} {
		_, _, errs := Load("test", []byte(baseText()+text+"\n"))
		if got := Errors(errs).Error(); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want an error about %q", text, got, want)
		}
	}
}

// What the manual shows loads.
func TestDDoSManual(t *testing.T) {
	n := 0
	for i, block := range strings.Split(string(read(t, "../../docs/operations/ddos.md")), "\n```\n") {
		if i%2 == 0 {
			continue
		}
		n++
		if !strings.HasPrefix(block, "system ") {
			block = "system ddos-protection {\n" + block + "\n}"
		}
		_, _, errs := Load("ddos.md", []byte(block+"\n"+baseText()))
		if len(errs) > 0 {
			t.Errorf("%s\n%v", block, Errors(errs))
		}
	}
	if n < 3 {
		t.Errorf("%d configurations", n)
	}
}
