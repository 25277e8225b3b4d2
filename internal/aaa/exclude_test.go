// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"holdfast/internal/config/schema"
	"holdfast/internal/lns"
	"holdfast/ppp"
)

// Every attribute that the configuration can exclude from a message is in that
// message otherwise, and is not when it is excluded.
func TestEveryExclusionHasAnEffect(t *testing.T) {
	octets := func(message string, f lns.RequestFormat) int {
		f.NASAddress = netip.MustParseAddr("192.0.2.1")
		switch message {
		case messageAccess:
			q := query(ppp.PAP, f)
			q.Address = netip.MustParseAddr("100.64.0.9")
			_, b := access(t, q)
			return len(b)
		case messageStart, messageStop:
			kind := lns.AccountStart
			if message == messageStop {
				kind = lns.AccountStop
			}
			b, err := appendAccounting(nil, "lns1", record(kind, f))
			if err != nil {
				t.Fatal(err)
			}
			return len(b) + int(min(accountingDelay(&f, kind, time.Second), 0))
		}
		return len(appendAccountingOnOff(nil, "lns1", message == messageOn, simulated, &f))
	}
	pairs := 0
	exclude := schema.Root().At("access", "profile", "radius", "attributes", "exclude")
	for _, attribute := range exclude.Children {
		for _, message := range attribute.Type.Words {
			if attribute.Name == "acct-delay-time" { // is written when the packet is sealed
				f := lns.RequestFormat{Exclude: map[string][]string{message.Name: {attribute.Name}}}
				if !withoutDelay(&f, message.Name) || withoutDelay(&lns.RequestFormat{}, message.Name) {
					t.Errorf("acct-delay-time of %s has no effect", message.Name)
				}
			}
			if attribute.Name == "acct-delay-time" && (message.Name == messageOn || message.Name == messageOff) {
				continue
			}
			pairs++
			whole := octets(message.Name, lns.RequestFormat{})
			less := octets(message.Name, lns.RequestFormat{Exclude: map[string][]string{message.Name: {attribute.Name}}})
			if less >= whole {
				t.Errorf("%s of %s: %d octets, excluded %d", attribute.Name, message.Name, whole, less)
			}
		}
	}
	if pairs < 50 {
		t.Errorf("only %d exclusions were found", pairs)
	}
}

// Every word that a name can be made of means something.
func TestEveryNamePartHasAnEffect(t *testing.T) {
	for _, option := range []string{"nas-port-id-format", "calling-station-id-format"} {
		node := schema.Root().At("access", "profile", "radius", "options", option)
		var seen []string
		for _, word := range node.Type.Words {
			f := lns.RequestFormat{NASPortID: []string{word.Name}, CallingStation: []string{word.Name}}
			got := string(appendNASPortID(nil, &f, "lns1", subscriber()))
			if got == "" || slices.Contains(seen, got) || got != string(appendCallingStation(nil, &f, "lns1", subscriber())) {
				t.Errorf("%s %s is %q", option, word.Name, got)
			}
			seen = append(seen, got)
		}
	}
}
