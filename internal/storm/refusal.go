// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// Refusal is what CDNs said that ended calls or sessions against our will.
type Refusal struct {
	Result      uint16 `json:"result"`                      // Result Code, RFC 2661 §4.4.2
	Error       uint16 `json:"error,omitempty"`             // Error Code
	Message     string `json:"message,omitempty"`           // Error Message
	PPPCause    uint16 `json:"ppp_cause,omitempty"`         // PPP Disconnect Cause Code, RFC 3145
	PPPProtocol uint16 `json:"ppp_protocol,omitempty"`      // and the protocol it is about
	PPPMessage  string `json:"ppp_cause_message,omitempty"` // and its text
}

// RefusalCount is how often that was said.
type RefusalCount struct {
	Refusal
	Count uint64 `json:"count"`
}

// refusalsMax is how many different refusals are told apart. Messages are the LNS's
// and may be different each time; what no longer fits has only its Result Code left.
const refusalsMax = 32

// Refusals are counted by what they said, in the order in which they came first.
type Refusals []RefusalCount

// newRefusal is what a CDN said; cause is nil if it has no PPP Disconnect Cause.
func newRefusal(r l2tp.Result, cause *l2tp.DisconnectCause) Refusal {
	x := Refusal{Result: r.Code, Error: r.Error, Message: r.Message}
	if cause != nil {
		x.PPPCause, x.PPPProtocol, x.PPPMessage = cause.Code, cause.Protocol, cause.Message
	}
	return x
}

// add counts n refusals of a kind.
func (l *Refusals) add(x Refusal, n uint64) {
	same := func(k *RefusalCount) bool { return k.Refusal == x }
	for i := range *l {
		if same(&(*l)[i]) {
			(*l)[i].Count += n
			return
		}
	}
	if only := (Refusal{Result: x.Result}); len(*l) >= refusalsMax && x != only {
		l.add(only, n)
		return
	}
	*l = append(*l, RefusalCount{x, n})
}

// Merge adds what another has counted.
func (l *Refusals) Merge(other Refusals) {
	for _, x := range other {
		l.add(x.Refusal, x.Count)
	}
}

// Count is how often that was said.
func (l Refusals) Count(x Refusal) uint64 {
	for i := range l {
		if l[i].Refusal == x {
			return l[i].Count
		}
	}
	return 0
}

// Sorted is a copy with the most frequent first.
func (l Refusals) Sorted() Refusals {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b RefusalCount) int { return cmp.Compare(b.Count, a.Count) })
	return sorted
}

// String is the refusal in words, with the RFCs' own for its codes.
func (x Refusal) String() string {
	parts := []string{coded("result", x.Result, wire.ResultText(wire.CDN, x.Result))}
	if x.Error != 0 {
		parts = append(parts, coded("error", x.Error, wire.ErrorText(x.Error)))
	}
	if x.Message != "" {
		parts = append(parts, fmt.Sprintf("%q", x.Message))
	}
	if x.PPPCause != 0 || x.PPPProtocol != 0 {
		parts = append(parts, coded("PPP cause", x.PPPCause, pppCauseText(x.PPPCause)))
		if x.PPPProtocol != 0 {
			parts = append(parts, fmt.Sprintf("protocol %#04x", x.PPPProtocol))
		}
	}
	if x.PPPMessage != "" {
		parts = append(parts, fmt.Sprintf("%q", x.PPPMessage))
	}
	return strings.Join(parts, ", ")
}

// coded is a code and what it stands for.
func coded(what string, code uint16, text string) string {
	if text == "" {
		return fmt.Sprintf("%s %d", what, code)
	}
	return fmt.Sprintf("%s %d (%s)", what, code, text)
}

// PPP Disconnect Cause Codes from here on are about NCPs, RFC 3145 §3.4.
const pppCauseNCP = 17

// pppCauseTexts are the codes of RFC 3145 §3, shortened.
var pppCauseTexts = [...]string{
	"", "administrative disconnect", "LCP renegotiation disabled", "Terminate-Request", "encryption refused",
	"LCP timeout", "no LCP packets recognised", "link looped back", "echo timeout", "unexpected endpoint discriminator", "unexpected MRRU",
	"unexpected short sequence numbers", "call-back refused",
	"authentication timeout", "unexpected name", "authentication protocol unacceptable", "authentication failed",
	"NCP timeout", "no NCP available", "no agreement on addresses", "not permitted to use any address",
}

func pppCauseText(code uint16) string {
	if int(code) < len(pppCauseTexts) {
		return pppCauseTexts[code]
	}
	return ""
}
