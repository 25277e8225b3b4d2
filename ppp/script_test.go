// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"holdfast/ppp/wire"
)

// Golden scripts: conversations in words. Two kinds of commands:
//
//	login auth=(CHAP,PAP) willing=(PAP) password=wrong for=10s
//	    two links log in over a wire of 5 ms; what they say is printed
//	lns auth=(CHAP)
//	    one link is opened; each line below says what its peer or its owner does:
//	    send LCP Configure-Request mru=1492 | ack LCP | nak LCP mru=1400 |
//	    reject LCP magic=… | wait 3s | grant | verdict ok | close why
//
// Run with -rewrite to write them anew, and review the difference.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/script", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "login" {
				return loginScript(t, d)
			}
			return handScript(t, d)
		})
	})
}

func methodsOf(d *datadriven.TestData, key string) (methods []AuthMethod) {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			for _, v := range a.Vals {
				if m := methodNamed(v); m != AuthNone {
					methods = append(methods, m)
				}
			}
		}
	}
	return methods
}

func loginScript(t *testing.T, d *datadriven.TestData) string {
	p := newPair(1, methodsOf(d, "auth")...)
	if d.HasArg("willing") {
		p.cfg[1].Auth = methodsOf(d, "willing")
	}
	d.MaybeScanArgs(t, "password", &p.cred.Password)
	length := time.Second
	if d.HasArg("for") {
		var s string
		d.ScanArgs(t, "for", &s)
		length, _ = time.ParseDuration(s)
	}
	var out strings.Builder
	p.onEffects = func(end int, e Effect) {
		who := [2]string{"lns  ", "modem"}[end]
		if e.Kind == SendFrame {
			fmt.Fprintf(&out, "%6.3f %s -> %s\n", p.now.Sub(epoch).Seconds(), who, words(e.Frame))
		} else {
			fmt.Fprintf(&out, "%6.3f %s    %s\n", p.now.Sub(epoch).Seconds(), who, describe(e))
		}
	}
	p.open()
	p.run(epoch.Add(length))
	return out.String()
}

func handScript(t *testing.T, d *datadriven.TestData) string {
	h := newHand(t, func(c *Config) {
		c.Auth = methodsOf(d, "auth")
		c.PeerAddressOptional = d.HasArg("peer-address-optional")
	})
	var out strings.Builder
	seen := 0
	show := func(line string) {
		fmt.Fprintf(&out, "%s\n", line)
		for _, f := range h.frames[seen:] {
			fmt.Fprintf(&out, "    -> %s\n", words(f))
		}
		seen = len(h.frames)
		for _, k := range h.kinds {
			fmt.Fprintf(&out, "    %v\n", k)
		}
		h.kinds = nil
	}
	h.open()
	show("open")
	for line := range strings.Lines(d.Input) {
		if err := h.act(strings.Fields(line)); err != nil {
			d.Fatalf(t, "%s: %v", line, err)
		}
		show(strings.TrimSpace(line))
	}
	return out.String()
}

// lastRequest is the link's last Configure-Request of a protocol.
func (h *hand) lastRequest(p Protocol) (found wire.Packet) {
	for _, f := range h.frames {
		proto, info, _ := wire.ParseFrame(f)
		packet, _ := wire.ParsePacket(info)
		if proto == p && packet.Code == wire.ConfigureRequest {
			found = packet
		}
	}
	return found
}

// act does what one line of a script says.
func (h *hand) act(f []string) error {
	if len(f) < 2 {
		f = append(f, "")
	}
	var p Protocol
	for _, known := range []Protocol{ProtoLCP, ProtoIPCP, ProtoIPV6CP, ProtoPAP, ProtoCHAP, ProtoCCP} {
		if known.String() == f[1] {
			p = known
		}
	}
	switch f[0] {
	case "wait":
		d, err := time.ParseDuration(f[1])
		h.advance(d)
		return err
	case "grant":
		h.grant(standard)
	case "verdict":
		h.verdict(Verdict{OK: f[1] == "ok", Message: strings.Join(f[2:], " ")})
	case "close":
		h.link.Close(h.now, strings.Join(f[1:], " "), &h.fx)
		h.collect()
	case "ack":
		h.last = h.lastRequest(p)
		h.ack(p)
	case "nak", "reject":
		options, err := parseOptions(p, f[2:])
		h.last = h.lastRequest(p)
		h.reply(p, map[string]wire.Code{"nak": wire.ConfigureNak, "reject": wire.ConfigureReject}[f[0]], options...)
		return err
	case "send":
		return h.sendWords(p, f[2:])
	default:
		return fmt.Errorf("nobody knows how to %q", f[0])
	}
	return nil
}

// sendWords sends the packet that the words describe.
func (h *hand) sendWords(p Protocol, f []string) error {
	for c := wire.ConfigureRequest; c <= wire.TimeRemaining; c++ {
		if c.String() != f[0] {
			continue
		}
		h.id++
		if c == wire.ConfigureRequest {
			options, err := parseOptions(p, f[1:])
			h.send(p, c, h.id, options...)
			return err
		}
		var data []byte
		_, err := fmt.Sscanf(strings.Join(f[1:], ""), "%x", &data)
		if len(f) == 1 {
			err = nil
		}
		h.send(p, c, h.id, data...)
		return err
	}
	if f[0] == "Authenticate-Request" {
		h.id++
		h.send(p, wire.AuthenticateRequest, h.id, wire.AppendPAPRequest(nil, f[1], f[2])...)
		return nil
	}
	return fmt.Errorf("no code is called %q", f[0])
}
