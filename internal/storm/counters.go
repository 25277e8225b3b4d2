// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"time"

	"holdfast/l2tp"
)

// Cause is why a call or a session ended that nobody wanted to end.
type Cause uint8

// Causes. The first ones end calls that are not up yet, by how far they had come;
// the last ones only sessions; some end both.
const (
	LocalLimit         Cause = iota // no Session ID left in the tunnel
	NoAnswer                        // patience ended before an ICRP
	Refused                         // CDN instead of an ICRP, or right behind it
	LCPTimeout                      // patience ended before LCP opened
	LCPFailed                       // LCP could not agree, or the LNS ended the call meanwhile
	AuthTimeout                     // patience ended before a verdict
	AuthRejected                    // PAP's Authenticate-Nak, CHAP's Failure
	AuthFailed                      // the LNS ended the call before it had said yes or no
	NCPTimeout                      // patience ended before an address
	NCPFailed                       // IPCP or IPV6CP could not agree, or the LNS ended the call meanwhile
	LinkFailed                      // PPP of a session could not agree again, or its counters ran out
	Cleared                         // the LNS sent CDN
	TunnelLost                      // StopCCN, or the tunnel died
	EchoLost                        // LCP Echo-Requests stayed unanswered
	PeerTerminatedLink              // the LNS sent a Terminate-Request
	causeCount
)

var causeNames = [causeCount]string{
	LocalLimit: "local limit", NoAnswer: "no answer", Refused: "refused by CDN",
	LCPTimeout: "LCP timeout", LCPFailed: "LCP failed",
	AuthTimeout: "authentication timeout", AuthRejected: "authentication rejected", AuthFailed: "authentication failed",
	NCPTimeout: "NCP timeout", NCPFailed: "NCP failed",
	LinkFailed: "link failed", Cleared: "cleared by CDN", TunnelLost: "tunnel lost", EchoLost: "echo lost",
	PeerTerminatedLink: "link terminated by LNS",
}

// String is the cause in words.
func (c Cause) String() string { return causeNames[c] }

// Counters only grow.
type Counters struct {
	TunnelsOffered uint64 // SCCRQ, first copies
	TunnelsUp      uint64
	TunnelsFailed  uint64 // ended before they were up
	TunnelsLost    uint64 // ended after, against our will

	CallsOffered     uint64 // ICRQ, first copies
	CallsUp          uint64 // address received
	HungUp           uint64 // ended by HangUp, in any state
	DroppedElsewhere uint64 // of those dropped since the last Cut: behind tunnels that were not cut
	CallsMissed      uint64 // not offered although Overload said so: no caller was idle
	Killed           uint64 // ended by Kill
	Renegotiated     uint64 // sessions that came up again within their call
	EchoesLost       uint64 // LCP Echo-Requests of modems that nothing was heard after
	Failed           [causeCount]uint64
	Dropped          [causeCount]uint64

	Retransmissions uint64 // L2TP control messages sent again
	CallsFromLNS    uint64 // refused: tunnels and calls that the LNS asked for
	Stray           uint64 // frames for no call of ours, or malformed ones
	Prefixes        uint64 // Router Advertisements that gave a modem its first prefix

	ProbesSent, ProbesReceived uint64
	ProbesCorrupt              uint64 // came back with a wrong length, checksum or octet, or to the wrong modem
	OtherPackets               uint64 // IP packets that are no probe's echo
}

// FailedAll is how many calls failed before they were up.
func (c *Counters) FailedAll() uint64 { return total(&c.Failed) }

// DroppedAll is how many sessions ended that should not have.
func (c *Counters) DroppedAll() uint64 { return total(&c.Dropped) }

func total(causes *[causeCount]uint64) (n uint64) {
	for _, v := range causes {
		n += v
	}
	return n
}

// FailedByCause is how many calls failed before they were up, by the words of the cause.
func (c *Counters) FailedByCause() map[string]uint64 { return byCause(&c.Failed) }

// Merge adds o to c.
func (c *Counters) Merge(o *Counters) {
	for _, f := range []struct{ to, from *uint64 }{
		{&c.TunnelsOffered, &o.TunnelsOffered},
		{&c.TunnelsUp, &o.TunnelsUp},
		{&c.TunnelsFailed, &o.TunnelsFailed},
		{&c.TunnelsLost, &o.TunnelsLost},
		{&c.CallsOffered, &o.CallsOffered},
		{&c.CallsUp, &o.CallsUp},
		{&c.HungUp, &o.HungUp},
		{&c.DroppedElsewhere, &o.DroppedElsewhere},
		{&c.CallsMissed, &o.CallsMissed},
		{&c.Killed, &o.Killed},
		{&c.Renegotiated, &o.Renegotiated},
		{&c.EchoesLost, &o.EchoesLost},
		{&c.Retransmissions, &o.Retransmissions},
		{&c.CallsFromLNS, &o.CallsFromLNS},
		{&c.Stray, &o.Stray},
		{&c.Prefixes, &o.Prefixes},
		{&c.ProbesSent, &o.ProbesSent},
		{&c.ProbesReceived, &o.ProbesReceived},
		{&c.ProbesCorrupt, &o.ProbesCorrupt},
		{&c.OtherPackets, &o.OtherPackets},
	} {
		*f.to += *f.from
	}
	for i := range c.Failed {
		c.Failed[i] += o.Failed[i]
		c.Dropped[i] += o.Dropped[i]
	}
}

// Snapshot is a copy of what a LAC, or all of them together, have counted.
type Snapshot struct {
	Counters
	Tunnels  int // up
	Sessions int // modems that are online
	InFlight int // calls in set-up
	Ending   int // modems that hang up, tunnels that are not closed yet

	Setup     Histogram // ICRQ sent to address received, as the kernel's receive timestamps have it
	Fresh     Histogram // the same, of calls that were offered since the rate of Overload was set last
	RoundTrip Histogram // of probes
	Hello     Histogram // HELLO sent to its acknowledgement
	Back      Histogram // a modem's first attempt after its session was dropped, or the end of the cut, to up

	FirstCallAt time.Time // the first ICRQ; zero: none yet
	LastUpAt    time.Time // the latest session to come up

	TunnelErr    error       // why a tunnel failed or was lost, the latest
	TunnelResult l2tp.Result // what its StopCCN said
	Refusals     Refusals    // what CDNs said that ended calls against our will
}

// Merge adds what another LAC has counted.
func (s *Snapshot) Merge(o *Snapshot) {
	s.Counters.Merge(&o.Counters)
	s.Tunnels += o.Tunnels
	s.Sessions += o.Sessions
	s.InFlight += o.InFlight
	s.Ending += o.Ending
	s.Setup.Merge(&o.Setup)
	s.Fresh.Merge(&o.Fresh)
	s.RoundTrip.Merge(&o.RoundTrip)
	s.Hello.Merge(&o.Hello)
	s.Back.Merge(&o.Back)
	if s.FirstCallAt.IsZero() || !o.FirstCallAt.IsZero() && o.FirstCallAt.Before(s.FirstCallAt) {
		s.FirstCallAt = o.FirstCallAt
	}
	if o.LastUpAt.After(s.LastUpAt) {
		s.LastUpAt = o.LastUpAt
	}
	if o.TunnelErr != nil {
		s.TunnelErr, s.TunnelResult = o.TunnelErr, o.TunnelResult
	}
	s.Refusals.Merge(o.Refusals)
}
