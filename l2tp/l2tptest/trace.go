// SPDX-License-Identifier: Apache-2.0

package l2tptest

import (
	"fmt"
	"net/netip"
	"strings"

	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// Describe is a datagram in words: message type, Ns and Nr, and whether the ids
// in its header are there (t, s) or zero (-).
func Describe(b []byte) string {
	if !wire.IsControl(b) {
		h, frame, err := wire.ParseDataHeader(b)
		switch {
		case err != nil:
			return "bad data"
		case h.Sequenced:
			return fmt.Sprintf("data %d octets Ns=%d", len(frame), h.Ns)
		}
		return fmt.Sprintf("data %d octets", len(frame))
	}
	h, payload, err := wire.ParseControlHeader(b)
	if err != nil {
		return "bad control"
	}
	name := "ZLB"
	if len(payload) > 0 {
		t, _, _, _ := wire.ParseMessageType(payload)
		name = t.String()
	}
	ids := []byte("--")
	if h.TunnelID != 0 {
		ids[0] = 't'
	}
	if h.SessionID != 0 {
		ids[1] = 's'
	}
	s := fmt.Sprintf("%-7s %s Ns=%d Nr=%d", name, ids, h.Ns, h.Nr)
	if name == "StopCCN" || name == "CDN" {
		var d wire.Decoder
		var m wire.Message
		d.Decode(payload, &m)
		s += fmt.Sprintf(" result %d/%d %s", m.Result.Code, m.Result.Error, m.Result.Message)
	}
	return strings.TrimRight(s, " ")
}

func (p *Pair) trace(e *End, _ netip.AddrPort, in bool, b []byte) {
	if p.Trace == nil {
		return
	}
	direction := "->"
	if in {
		direction = "<-"
	}
	p.line("%s %s %s", e.Name, direction, Describe(b))
}

// tell traces an event.
func (p *Pair) tell(e *End, f l2tp.Effect) {
	if p.Trace == nil {
		return
	}
	s := fmt.Sprintf("%s    %v", e.Name, f.Kind)
	if f.Err != nil {
		s += fmt.Sprintf(": %v", f.Err)
	}
	if f.Result.Code != 0 {
		s += fmt.Sprintf(" (result %d/%d)", f.Result.Code, f.Result.Error)
	}
	p.line("%s", s)
}

func (p *Pair) line(format string, args ...any) {
	p.Trace(fmt.Sprintf("%8.3f  ", p.Now.Sub(Epoch).Seconds()) + fmt.Sprintf(format, args...))
}
