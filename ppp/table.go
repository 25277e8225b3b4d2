// SPDX-License-Identifier: Apache-2.0

package ppp

// state is a state of the option negotiation automaton (RFC 1661 §4.2), by its
// number in the RFC.
type state uint8

const (
	initial state = iota
	starting
	closed
	stopped
	closing
	stopping
	reqSent
	ackRcvd
	ackSent
	opened

	stateCount
)

// String is the state's name as the table of RFC 1661 §4.1 spells it.
func (s state) String() string {
	return [...]string{
		"Initial", "Starting", "Closed", "Stopped", "Closing", "Stopping",
		"Req-Sent", "Ack-Rcvd", "Ack-Sent", "Opened",
	}[s]
}

// negotiating reports whether options are being negotiated.
func (s state) negotiating() bool { return s >= reqSent && s <= ackSent }

// timed reports whether the Restart timer runs in s.
//
// "The states in which the Restart timer is running are identifiable by the
// presence of TO events." RFC 1661 §4.1
func (s state) timed() bool { return transitions[evTOPlus][s] != no }

// event is an event of the automaton (RFC 1661 §4.3).
type event uint8

const (
	evUp event = iota
	evDown
	evOpen
	evClose

	evTOPlus
	evTOMinus

	evRCRPlus
	evRCRMinus
	evRCA
	evRCN

	evRTR
	evRTA

	evRUC
	evRXJPlus
	evRXJMinus

	evRXR

	eventCount
)

// String is the event's name as the table of RFC 1661 §4.1 spells it.
func (e event) String() string {
	return [...]string{
		"Up", "Down", "Open", "Close", "TO+", "TO-", "RCR+", "RCR-",
		"RCA", "RCN", "RTR", "RTA", "RUC", "RXJ+", "RXJ-", "RXR",
	}[e]
}

// cell is one entry of the table: the actions as bits and the new state in the
// low four bits.
type cell uint32

// The actions of RFC 1661 §4.4, in the order in which they are carried out.
const (
	tls cell = 1 << (4 + iota) // This-Layer-Started
	tld                        // This-Layer-Down
	irc                        // Initialize-Restart-Count
	zrc                        // Zero-Restart-Count
	scr                        // Send-Configure-Request
	sca                        // Send-Configure-Ack
	scn                        // Send-Configure-Nak or -Reject
	str                        // Send-Terminate-Request
	sta                        // Send-Terminate-Ack
	scj                        // Send-Code-Reject
	ser                        // Send-Echo-Reply
	tlu                        // This-Layer-Up
	tlf                        // This-Layer-Finished
)

// no is the RFC's dash: an event that cannot happen in that state.
const no cell = 0xf

// to is the state that the cell leads to.
func (c cell) to() state { return state(c & 0xf) }

// transitions is the table of RFC 1661 §4.1 in its order, its notation and its
// two halves. Of its options we take none: neither the passive one [p] nor the
// restart one [r].
var transitions = [eventCount][stateCount]cell{
	// Initial, Starting, Closed, Stopped, Closing, Stopping,
	// Req-Sent, Ack-Rcvd, Ack-Sent, Opened
	evUp: {
		2, irc | scr | 6, no, no, no, no,
		no, no, no, no,
	},
	evDown: {
		no, no, 0, tls | 1, 0, 1,
		1, 1, 1, tld | 1,
	},
	evOpen: {
		tls | 1, 1, irc | scr | 6, 3, 5, 5,
		6, 7, 8, 9,
	},
	evClose: {
		//lint:ignore SA4016 the RFC writes tlf/0
		0, tlf | 0, 2, 2, 4, 4,
		irc | str | 4, irc | str | 4, irc | str | 4, tld | irc | str | 4,
	},

	evTOPlus: {
		no, no, no, no, str | 4, str | 5,
		scr | 6, scr | 6, scr | 8, no,
	},
	evTOMinus: {
		no, no, no, no, tlf | 2, tlf | 3,
		tlf | 3, tlf | 3, tlf | 3, no,
	},

	evRCRPlus: {
		no, no, sta | 2, irc | scr | sca | 8, 4, 5,
		sca | 8, sca | tlu | 9, sca | 8, tld | scr | sca | 8,
	},
	evRCRMinus: {
		no, no, sta | 2, irc | scr | scn | 6, 4, 5,
		scn | 6, scn | 7, scn | 6, tld | scr | scn | 6,
	},
	evRCA: {
		no, no, sta | 2, sta | 3, 4, 5,
		irc | 7, scr | 6, irc | tlu | 9, tld | scr | 6,
	},
	evRCN: {
		no, no, sta | 2, sta | 3, 4, 5,
		irc | scr | 6, scr | 6, irc | scr | 8, tld | scr | 6,
	},

	evRTR: {
		no, no, sta | 2, sta | 3, sta | 4, sta | 5,
		sta | 6, sta | 6, sta | 6, tld | zrc | sta | 5,
	},
	evRTA: {
		no, no, 2, 3, tlf | 2, tlf | 3,
		6, 6, 8, tld | scr | 6,
	},

	evRUC: {
		no, no, scj | 2, scj | 3, scj | 4, scj | 5,
		scj | 6, scj | 7, scj | 8, scj | 9,
	},
	evRXJPlus: {
		no, no, 2, 3, 4, 5,
		6, 6, 8, 9,
	},
	evRXJMinus: {
		no, no, tlf | 2, tlf | 3, tlf | 2, tlf | 3,
		tlf | 3, tlf | 3, tlf | 3, tld | irc | str | 5,
	},

	evRXR: {
		no, no, 2, 3, 4, 5,
		6, 7, 8, ser | 9,
	},
}
