// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// hand is one link whose peer is the test: it sends packets by hand and says
// what it wants back.
type hand struct {
	*testing.T
	link Link
	cfg  Config
	cred Credentials
	fx   Effects
	now  time.Time

	frames [][]byte // sent by the link and not yet looked at
	kinds  []EffectKind
	offer  *AuthOffer
	err    error // of Down
	id     uint8 // of the test's own packets
	last   wire.Packet
}

// newHand makes an Authenticator, changed by change, that has not been opened.
func newHand(t *testing.T, change func(*Config)) *hand {
	t.Helper()
	h := &hand{T: t, now: epoch, cred: Credentials{Name: "user@example.net", Password: "secret"}, id: 100}
	h.cfg = Config{
		Rand: rand.New(rand.NewPCG(7, 7)), Counters: new(Counters), HostName: "lns.example.net",
		IPCP: true, IPV6CP: true,
	}
	if change != nil {
		change(&h.cfg)
	}
	h.link.Init(&h.cfg, &h.cred)
	return h
}

// collect takes over what the link wants.
func (h *hand) collect() {
	for _, e := range h.fx.List {
		switch e.Kind {
		case SendFrame:
			h.frames = append(h.frames, bytes.Clone(e.Frame))
			continue
		case AuthRequest:
			h.offer = e.Auth
		case Down:
			h.err = e.Err
		}
		h.kinds = append(h.kinds, e.Kind)
	}
	h.fx.Reset()
}

func (h *hand) open() {
	h.link.Open(h.now, &h.fx)
	h.collect()
}

func (h *hand) sendFrame(b []byte) {
	h.link.Handle(h.now, b, &h.fx)
	h.collect()
}

func (h *hand) send(p Protocol, c wire.Code, id uint8, data ...byte) {
	h.sendFrame(wire.AppendPacket(wire.AppendHeader(nil, p), wire.Packet{Code: c, ID: id, Data: data}))
}

// request sends a Configure-Request under a new Identifier.
func (h *hand) request(p Protocol, options ...byte) {
	h.id++
	h.send(p, wire.ConfigureRequest, h.id, options...)
}

// reply answers the packet that was wanted last, with its Identifier.
func (h *hand) reply(p Protocol, c wire.Code, data ...byte) { h.send(p, c, h.last.ID, data...) }

// ack acknowledges the Configure-Request that was wanted last.
func (h *hand) ack(p Protocol) { h.reply(p, wire.ConfigureAck, h.last.Data...) }

// advance lets d pass, with everything that is due in it.
func (h *hand) advance(d time.Duration) {
	limit := h.now.Add(d)
	for at := h.link.Next(); !at.IsZero() && !at.After(limit); at = h.link.Next() {
		if at.After(h.now) {
			h.now = at
		}
		h.link.Advance(h.now, &h.fx)
		h.collect()
	}
	h.now = limit
}

// want takes the next frame that the link has sent.
func (h *hand) want(why string, p Protocol, c wire.Code) wire.Packet {
	h.Helper()
	if len(h.frames) == 0 {
		h.Fatalf("%s: nothing was sent, want %v code %d", why, p, c)
	}
	got, info, ok := wire.ParseFrame(h.frames[0])
	packet, err := wire.ParsePacket(info)
	if !ok || err != nil || got != p || packet.Code != c {
		h.Fatalf("%s: sent %x, want %v code %d", why, h.frames[0], p, c)
	}
	if !bytes.HasPrefix(h.frames[0], []byte{wire.Address, wire.Control}) {
		h.Fatalf("%s: frame %x is compressed", why, h.frames[0])
	}
	h.frames = h.frames[1:]
	h.last = packet
	return packet
}

// wantData is want, with the packet's data.
func (h *hand) wantData(why string, p Protocol, c wire.Code, data ...byte) {
	h.Helper()
	if got := h.want(why, p, c); !bytes.Equal(got.Data, data) {
		h.Fatalf("%s: data %x, want %x", why, got.Data, data)
	}
}

func (h *hand) wantNothing(why string) {
	h.Helper()
	if len(h.frames) != 0 {
		h.Fatalf("%s: sent %x", why, h.frames)
	}
}

// wantEffects says which effects have come since the last time, frames aside.
func (h *hand) wantEffects(why string, kinds ...EffectKind) {
	h.Helper()
	if len(h.kinds) != len(kinds) {
		h.Fatalf("%s: effects %v, want %v", why, h.kinds, kinds)
	}
	for i, k := range kinds {
		if h.kinds[i] != k {
			h.Fatalf("%s: effects %v, want %v", why, h.kinds, kinds)
		}
	}
	h.kinds = nil
}

func (h *hand) wantPhase(why string, p Phase) {
	h.Helper()
	if got := h.link.Phase(); got != p {
		h.Fatalf("%s: phase %v, want %v", why, got, p)
	}
}

func (h *hand) wantDown(why string, err error) {
	h.Helper()
	if !errors.Is(h.err, err) {
		h.Fatalf("%s: down with %v, want %v", why, h.err, err)
	}
	h.wantPhase(why, PhaseDead)
	if !h.link.Next().IsZero() {
		h.Fatalf("%s: a dead link has a timer", why)
	}
}

func (h *hand) wantCount(why string, c Counter, n uint64) {
	h.Helper()
	if got := h.cfg.Counters[c]; got != n {
		h.Fatalf("%s: counted %d %v, want %d", why, got, c, n)
	}
}

// peerMagic is the test's Magic-Number.
const peerMagic = 0x01020304

// lcpUp opens LCP; the peer asks for a Magic-Number and whatever else.
func (h *hand) lcpUp(options ...byte) {
	h.Helper()
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.ack(ProtoLCP)
	h.request(ProtoLCP, append(magicOption(peerMagic), options...)...)
	h.want("a good request", ProtoLCP, wire.ConfigureAck)
	h.wantEffects("both requests are acknowledged", LinkUp)
}

// networkUp opens LCP and grants the standard Network, with no authentication.
func (h *hand) networkUp() {
	h.Helper()
	h.lcpUp()
	h.grant(standard)
}

func (h *hand) grant(n Network) {
	h.link.Grant(h.now, n, &h.fx)
	h.collect()
}

func magicOption(m uint32) []byte { return wire.AppendOption32(nil, wire.OptionMagic, m) }

func mruOption(n uint16) []byte { return wire.AppendOption16(nil, wire.OptionMRU, n) }

func authOption(m AuthMethod) []byte { return appendAuthOption(nil, m) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// option finds an option in the packet that was wanted last.
func (h *hand) option(t wire.OptionType) (data []byte, ok bool) {
	h.Helper()
	for rest := h.last.Data; len(rest) > 0; {
		o, r, err := wire.ParseOption(rest)
		if err != nil {
			h.Fatalf("%x is no list of options", h.last.Data)
		}
		if o.Type == t {
			return o.Data, true
		}
		rest = r
	}
	return nil, false
}

func magicData(m uint32, rest ...byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, m), rest...)
}
