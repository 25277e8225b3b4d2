// SPDX-License-Identifier: Apache-2.0

package police

// AmplificationMax is how many octets may be sent to an address that has not
// shown that it is there, for each that came from it. An SCCRP is a little
// larger than a short SCCRQ and is sent again a few times.
const AmplificationMax = 3

// Unverified keeps us from being an amplifier: what goes to a peer that has not
// yet answered anything of ours is bounded by what came from it. Put one into
// the state of a half-open tunnel; drop it when the peer has acknowledged
// something. The zero value has received nothing and may send nothing.
type Unverified struct{ received, sent uint32 }

// Receive notes octets of a datagram from the peer.
func (u *Unverified) Receive(octets int) { u.received = saturate(u.received, octets) }

// Send says whether a datagram of so many octets may go out, and counts it if so.
func (u *Unverified) Send(octets int) bool {
	if uint64(u.sent)+uint64(max(octets, 0)) > AmplificationMax*uint64(u.received) {
		return false
	}
	u.sent = saturate(u.sent, octets)
	return true
}

func saturate(n uint32, more int) uint32 {
	return uint32(min(uint64(n)+uint64(max(more, 0)), 1<<32-1))
}
