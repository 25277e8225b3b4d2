// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"holdfast/ppp/wire"
)

// words tells what a frame says, for golden scripts.
func words(b []byte) string {
	p, info, _ := wire.ParseFrame(b)
	packet, err := wire.ParsePacket(info)
	if err != nil {
		return fmt.Sprintf("%v %x", p, info)
	}
	head := fmt.Sprintf("%v %v %d", p, packet.Code, packet.ID)
	switch {
	case p == ProtoPAP:
		return head[:4] + papWords(packet)
	case p == ProtoCHAP:
		return head[:5] + chapWords(packet)
	case packet.Code <= wire.ConfigureReject:
		return head + optionWords(p, packet.Data)
	case packet.Code == wire.TerminateRequest:
		return fmt.Sprintf("%s %q", head, packet.Data)
	case len(packet.Data) > 0:
		return fmt.Sprintf("%s %x", head, packet.Data)
	}
	return head
}

func papWords(p wire.Packet) string {
	if p.Code == wire.AuthenticateRequest {
		name, _, _ := wire.ParsePAPRequest(p.Data)
		return fmt.Sprintf("Authenticate-Request %d %q", p.ID, name)
	}
	name := map[wire.Code]string{wire.AuthenticateAck: "Authenticate-Ack", wire.AuthenticateNak: "Authenticate-Nak"}[p.Code]
	return fmt.Sprintf("%s %d %q", name, p.ID, wire.ParsePAPReply(p.Data))
}

func chapWords(p wire.Packet) string {
	name := map[wire.Code]string{wire.Challenge: "Challenge", wire.Response: "Response", wire.Success: "Success", wire.Failure: "Failure"}[p.Code]
	if p.Code == wire.Success || p.Code == wire.Failure {
		return fmt.Sprintf("%s %d %q", name, p.ID, p.Data)
	}
	value, who, _ := wire.ParseCHAPValue(p.Data)
	return fmt.Sprintf("%s %d of %d octets from %q", name, p.ID, len(value), who)
}

// optionNames are the names of options in golden scripts, both ways.
var optionNames = map[Protocol]map[wire.OptionType]string{
	ProtoLCP: {
		wire.OptionMRU: "mru", wire.OptionACCM: "accm", wire.OptionAuth: "auth", wire.OptionMagic: "magic",
		wire.OptionPFC: "pfc", wire.OptionACFC: "acfc",
	},
	ProtoIPCP: {
		wire.OptionIPAddress: "address", wire.OptionPrimaryDNS: "dns1", wire.OptionSecondaryDNS: "dns2",
		wire.OptionPrimaryNBNS: "nbns1", wire.OptionSecondaryNBNS: "nbns2", wire.OptionIPCompression: "vj",
	},
	ProtoIPV6CP: {wire.OptionInterfaceID: "id"},
}

func optionWords(p Protocol, options []byte) (s string) {
	for len(options) > 0 {
		o, rest, err := wire.ParseOption(options)
		if err != nil {
			return s + fmt.Sprintf(" malformed:%x", options)
		}
		options = rest
		name := optionNames[p][o.Type]
		switch {
		case name == "":
			s += fmt.Sprintf(" %d=%x", o.Type, o.Data)
		case len(o.Data) == 0:
			s += " " + name
		case name == "mru" && len(o.Data) == 2:
			s += fmt.Sprintf(" mru=%d", binary.BigEndian.Uint16(o.Data))
		case name == "auth" && authMethod(o) != AuthNone:
			s += " auth=" + authMethod(o).String()
		case p == ProtoIPCP && len(o.Data) == 4 && name != "vj":
			s += fmt.Sprintf(" %s=%v", name, netip.AddrFrom4([4]byte(o.Data)))
		default:
			s += fmt.Sprintf(" %s=%x", name, o.Data)
		}
	}
	return s
}

// parseOptions is the other way: mru=1492 magic=01020304 address=192.0.2.1 13=06.
func parseOptions(p Protocol, fields []string) (b []byte, err error) {
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		t, data := wire.OptionType(0), []byte(nil)
		for k, n := range optionNames[p] {
			if n == name {
				t = k
			}
		}
		if t == 0 {
			n, err := strconv.ParseUint(name, 10, 8)
			if err != nil {
				return nil, fmt.Errorf("no option is called %q", name)
			}
			t = wire.OptionType(n)
		}
		if a, err := netip.ParseAddr(value); err == nil && a.Is4() {
			data = a.AsSlice()
		} else if name == "mru" {
			n, err := strconv.ParseUint(value, 10, 16)
			if err != nil {
				return nil, err
			}
			data = binary.BigEndian.AppendUint16(nil, uint16(n))
		} else if m := methodNamed(value); name == "auth" && m != AuthNone {
			b = appendAuthOption(b, m)
			continue
		} else if _, err := fmt.Sscanf(value, "%x", &data); err != nil && value != "" {
			return nil, err
		}
		b = wire.AppendOption(b, t, data...)
	}
	return b, nil
}

func methodNamed(s string) AuthMethod {
	for _, m := range []AuthMethod{PAP, CHAP, MSCHAPv2} {
		if m.String() == s {
			return m
		}
	}
	return AuthNone
}
