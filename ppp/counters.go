// SPDX-License-Identifier: Apache-2.0

package ppp

// Counter names one of the things that links count.
type Counter uint8

// What links count. A discarded frame is counted under the reason why.
const (
	Malformed         Counter = iota // discarded: a length or a value that cannot be
	OutOfPhase                       // discarded: not allowed in this phase
	Unmatched                        // discarded: answers nothing that is outstanding
	WrongMagic                       // discarded: a Magic-Number that is not the peer's
	UnknownProtocol                  // answered with Protocol-Reject
	UnknownCode                      // answered with Code-Reject
	Renegotiation                    // an Opened link began again
	EchoUnanswered                   // an Echo-Request that nothing was heard after
	LoopDetected                     // our own Magic-Number came back
	IllegalTransition                // an event that the table of RFC 1661 §4.1 marks with a dash; ours to mend

	CounterCount
)

// String is the counter's name as metrics spell it.
func (c Counter) String() string {
	return [CounterCount]string{
		"malformed", "out_of_phase", "unmatched", "wrong_magic", "unknown_protocol", "unknown_code",
		"renegotiation", "echo_unanswered", "loop_detected", "illegal_transition",
	}[c]
}

// Counters are the sums over all links that share them. They belong to the
// owner of the links, who reads them between calls.
type Counters [CounterCount]uint64

func (l *Link) count(c Counter) {
	if l.cfg.Counters != nil {
		l.cfg.Counters[c]++
	}
}

// LinkCounters are what one link counts for itself, since Init.
type LinkCounters struct {
	EchoRequestsSent    uint32
	EchoRepliesReceived uint32
}

// Counters are this link's own.
func (l *Link) Counters() LinkCounters { return l.counters }
