// SPDX-License-Identifier: Apache-2.0

package l2tp

// Bounds of what is kept for calls that are not up yet: frames, octets of each.
const (
	earlyMax      = 512
	earlyBytesMax = 128
)

// early is the first frame of a call whose ICCN it has overtaken: control and
// data take different ways through sockets and queues. Were it dropped, a modem
// would stand still until its Restart timer sends LCP again, three seconds. One
// is enough: nobody says more than one thing before he is answered.
type early struct {
	session *session // whose it is; nil: nobody's any more
	length  uint8
	frame   [earlyBytesMax]byte
}

// keepEarly keeps a frame until the call is up, if it is the first one and the
// LNS waits for nothing but ICCN or OCCN. A newer one takes the oldest's place.
func (e *Endpoint) keepEarly(s *session, frame []byte) {
	if s.state != SessionWaitConnect || s.early != 0 || len(frame) > earlyBytesMax {
		return
	}
	if e.early == nil {
		e.early = make([]early, earlyMax)
	}
	y := &e.early[e.earlyNext]
	if y.session != nil {
		y.session.early = 0
	}
	y.session, y.length = s, uint8(copy(y.frame[:], frame))
	s.early = uint16(e.earlyNext) + 1
	e.earlyNext = (e.earlyNext + 1) % earlyMax
}

// giveEarly hands over what was kept for a call that is up now.
func (e *Endpoint) giveEarly(t *tunnel, el Element, s *session, fx *Effects) {
	if y := e.dropEarly(s); y != nil {
		e.dataEffect(t, el, s, y.frame[:y.length], fx)
	}
}

// dropEarly forgets what was kept for a call.
func (e *Endpoint) dropEarly(s *session) *early {
	if s.early == 0 {
		return nil
	}
	y := &e.early[s.early-1]
	s.early, y.session = 0, nil
	return y
}
