// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"holdfast/ppp/wire"
)

// listenGrace is how old our unanswered Configure-Request must be when the
// peer's first one comes, for us to think that the peer was not yet listening
// when ours arrived. A round trip is usually shorter, starting a modem's PPP
// process is not; to be wrong costs one frame.
const listenGrace = 20 * time.Millisecond

// control takes a packet of LCP or an NCP and turns it into an event.
func (l *Link) control(now time.Time, p layer, info []byte, fx *Effects) {
	packet, err := wire.ParsePacket(info)
	if err != nil {
		l.count(Malformed)
		return
	}
	in := input{Packet: packet}
	if packet.Code < wire.ProtocolReject {
		l.heard = true // maintenance packets count only when their Magic-Number is right
	}
	switch {
	case packet.Code == wire.ConfigureRequest:
		l.configureRequest(now, p, in, fx)
	case packet.Code == wire.ConfigureAck:
		l.configureAck(now, p, in, fx)
	case packet.Code == wire.ConfigureNak, packet.Code == wire.ConfigureReject:
		l.configureRefused(now, p, in, fx)
	case packet.Code == wire.TerminateRequest:
		l.terminateRequest(now, p, in, fx)
	case packet.Code == wire.TerminateAck:
		l.fire(now, p, evRTA, in, fx)
	case packet.Code == wire.CodeReject:
		l.codeReject(now, p, in, fx)
	case p == lcp && packet.Code <= wire.TimeRemaining && packet.Code != 0:
		l.maintenance(now, in, fx)
	default:
		// "Other Codes should be treated as unrecognized and should result in
		// Code-Rejects." RFC 1332 §2
		l.count(UnknownCode)
		l.fire(now, p, evRUC, in, fx)
	}
}

// configureRequest is the event RCR+ or RCR-.
func (l *Link) configureRequest(now time.Time, p layer, in input, fx *Effects) {
	if !wire.ValidOptions(in.Data) {
		l.count(Malformed)
		return
	}
	a := &l.layers[p]
	if p == lcp {
		if l.loopedBack(in.Data) {
			l.shut(now, ErrLoopback, fx)
			return
		}
		l.ahead = nil
		l.repeatForListener(now, fx)
	}
	good, reply := l.answer(p, in.Packet, fx)
	in.reply = reply
	a.peerSpoke = true
	switch {
	case reply == nil: // what we must have will not come
		l.notConverging(now, p, evRXJMinus, fx)
	case good:
		l.fire(now, p, evRCRPlus, in, fx)
	default:
		l.fire(now, p, evRCRMinus, in, fx)
	}
}

// repeatForListener sends our Configure-Request again when the first one of the
// peer shows that it has only now begun to listen: pppd is started after the
// call is up, so what we sent at once is lost, and waiting for the Restart
// timer would make every log-in three seconds long. The repetition leaves
// before our Configure-Ack does: after it the peer would be Opened, and the
// repetition would make it begin again.
func (l *Link) repeatForListener(now time.Time, fx *Effects) {
	a := &l.layers[lcp]
	if a.state != reqSent || a.peerSpoke || a.restartCount == 0 {
		return
	}
	sentAt := a.restartAt.Add(-l.cfg.restartInterval())
	if now.Sub(sentAt) >= listenGrace {
		l.fire(now, lcp, evTOPlus, input{}, fx)
	}
}

// outstanding reports whether a reply answers our last Configure-Request.
//
// "When a packet is received with an invalid Identifier field, the packet is
// silently discarded without affecting the automaton." RFC 1661 §5
//
// A second reply to one request, caused by a repetition, is out of sequence
// too; taking it in Opened would tear a sound link down.
func (l *Link) outstanding(p layer, in input) bool {
	a := &l.layers[p]
	return a.state >= closed && in.ID == a.requestID && !a.answered
}

// configureAck is the event RCA.
//
// "Additionally, the Configuration Options in a Configure-Ack MUST exactly match
// those of the last transmitted Configure-Request.  Invalid packets are
// silently discarded." RFC 1661 §5.2
func (l *Link) configureAck(now time.Time, p layer, in input, fx *Effects) {
	if !l.outstanding(p, in) {
		l.count(Unmatched)
		return
	}
	var sent [requestMax]byte
	if !bytes.Equal(in.Data, l.appendRequest(sent[:0], p)) {
		l.count(Malformed)
		return
	}
	l.layers[p].answered = true
	l.fire(now, p, evRCA, in, fx)
}

// configureRefused is the event RCN: a Configure-Nak or Configure-Reject.
func (l *Link) configureRefused(now time.Time, p layer, in input, fx *Effects) {
	if !l.outstanding(p, in) {
		l.count(Unmatched)
		return
	}
	if !wire.ValidOptions(in.Data) || in.Code == wire.ConfigureReject && !l.rejectsRequested(p, in.Data) {
		l.count(Malformed)
		return
	}
	a := &l.layers[p]
	a.answered = true
	if a.state.negotiating() {
		if err := l.learn(p, in.Packet); err != nil {
			l.shut(now, err, fx)
			return
		}
	}
	if l.exhausted(a) {
		l.notConverging(now, p, evRXJMinus, fx)
		return
	}
	l.fire(now, p, evRCN, in, fx)
}

// learn changes what we ask for as the peer's refusal demands. An error means
// that the link cannot do without what was refused.
func (l *Link) learn(p layer, packet wire.Packet) error {
	for rest := packet.Data; len(rest) > 0; {
		var o wire.Option
		o, rest, _ = wire.ParseOption(rest)
		var err error
		switch {
		case p == lcp && packet.Code == wire.ConfigureNak:
			err = l.nakLCP(o)
		case p == lcp:
			err = l.rejectLCP(o)
		case p == ipcp && packet.Code == wire.ConfigureNak:
			l.nakIPCP(o)
		case p == ipcp:
			l.rejectIPCP(o)
		case packet.Code == wire.ConfigureNak:
			l.nakIPV6CP(o)
		default:
			l.rejectIPV6CP(o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rejectsRequested reports whether the options are some of those that we sent,
// unchanged and in their order.
//
// "Additionally, the Configuration Options in a Configure-Reject MUST be a
// proper subset of those in the last transmitted Configure-Request." RFC 1661 §5.4
//
// All of them together are taken as well: a peer that wants none is plain enough.
func (l *Link) rejectsRequested(p layer, options []byte) bool {
	var buf [requestMax]byte
	sent := l.appendRequest(buf[:0], p)
	for len(options) > 0 {
		o, rest, _ := wire.ParseOption(options)
		for {
			if len(sent) == 0 {
				return false
			}
			var s wire.Option
			s, sent, _ = wire.ParseOption(sent)
			if s.Type == o.Type && bytes.Equal(s.Data, o.Data) {
				break
			}
		}
		options = rest
	}
	return true
}

// terminateRequest is the event RTR.
//
// "Upon reception of a Terminate-Request, a Terminate-Ack MUST be transmitted."
// RFC 1661 §5.5
func (l *Link) terminateRequest(now time.Time, p layer, in input, fx *Effects) {
	if p == lcp && l.why == nil {
		l.why = ErrTerminated
	}
	l.fire(now, p, evRTR, in, fx)
}

// codeReject is the event RXJ+ or RXJ-.
func (l *Link) codeReject(now time.Time, p layer, in input, fx *Effects) {
	if len(in.Data) == 0 {
		l.count(Malformed)
		return
	}
	code := wire.Code(in.Data[0])
	if code >= wire.ConfigureRequest && code <= wire.CodeReject {
		// "Upon reception of the Code-Reject of a code which is fundamental to
		// this version of the protocol, the implementation SHOULD report the
		// problem and drop the connection." RFC 1661 §5.6
		if p == lcp && l.why == nil {
			l.why = ErrRejected
		}
		l.fire(now, p, evRXJMinus, in, fx)
		return
	}
	if p == lcp && code == wire.EchoRequest {
		l.stopEcho() // "The implementation MUST stop sending the offending packet type." RFC 1661 §4.3
	}
	l.fire(now, p, evRXJPlus, in, fx)
}

// sendCodeReject is the RFC's action scj.
//
// "The Identifier field MUST be changed for each Code-Reject sent." RFC 1661 §5.6
func (l *Link) sendCodeReject(p layer, rejected wire.Packet, fx *Effects) {
	start := fx.begin(p.protocol(), wire.CodeReject, l.newID())
	fx.arena = wire.AppendPacket(fx.arena, rejected)
	l.truncate(start, fx)
	fx.send(p.protocol(), fx.seal(start))
}

// sendProtocolReject tells the peer that nobody here speaks protocol.
//
// "The Identifier field MUST be changed for each Protocol-Reject sent." RFC 1661 §5.7
func (l *Link) sendProtocolReject(protocol Protocol, info []byte, fx *Effects) {
	start := fx.begin(ProtoLCP, wire.ProtocolReject, l.newID())
	fx.arena = binary.BigEndian.AppendUint16(fx.arena, uint16(protocol))
	fx.arena = append(fx.arena, info...)
	l.truncate(start, fx)
	fx.send(ProtoLCP, fx.seal(start))
}

// truncate cuts the packet that began at start to what the peer takes.
//
// "The Rejected-Packet MUST be truncated to comply with the peer's established
// MRU." RFC 1661 §5.6
func (l *Link) truncate(start int, fx *Effects) {
	if end := start + frameHeaderLen + int(l.PeerMRU()); len(fx.arena) > end {
		fx.arena = fx.arena[:end]
	}
}

// appendReason appends an error's text for the peer's log.
func appendReason(b []byte, err error) []byte {
	s := strings.TrimPrefix(err.Error(), "ppp: ")
	return append(b, s[:min(len(s), 64)]...)
}
