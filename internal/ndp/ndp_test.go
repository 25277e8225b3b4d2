// SPDX-License-Identifier: Apache-2.0

package ndp

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var (
	hostAddr = netip.MustParseAddr("fe80::2")
	server   = netip.MustParseAddr("2001:db8::53")
)

func router() *Router {
	return &Router{
		InterfaceID: 1, Prefix: netip.MustParsePrefix("2001:db8:0:7::/64"), OnLink: true,
		MTU: 1492, DNS: []netip.Addr{server},
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// message makes an ICMPv6 packet.
func message(source, destination netip.Addr, icmp ...byte) []byte {
	b := append(begin(nil, source, destination), icmp...)
	seal(b)
	return b
}

// The octets of an advertisement, written out by hand from RFC 4861 §4.2 and RFC
// 8106 §5.1, but for the checksum, which is worked out in another way.
func TestAdvertisement(t *testing.T) {
	got := AppendAdvertisement(nil, router())
	want := unhex(t, `
		60000000 0050 3a ff
		fe80000000000000 0000000000000001
		ff02000000000000 0000000000000001
		86 00 0000 40 00 0708 00000000 00000000
		05 01 0000 000005d4
		03 04 40 c0 00278d00 00093a80 00000000 20010db800000007 0000000000000000
		19 03 0000 00000708 20010db800000000 0000000000000053`)
	if !bytes.Equal(got[:42], want[:42]) || !bytes.Equal(got[44:], want[44:]) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
	if sum := slowChecksum(got); sum != 0 {
		t.Errorf("checksum is wrong by %#x", sum)
	}
}

// slowChecksum is RFC 1071's sum over an explicit pseudo-header.
func slowChecksum(p []byte) uint16 {
	pseudo := bytes.Clone(p[8:40])
	pseudo = binary.BigEndian.AppendUint32(pseudo, uint32(len(p)-40))
	pseudo = append(pseudo, 0, 0, 0, 58)
	pseudo = append(pseudo, p[40:]...)
	if len(pseudo)%2 == 1 {
		pseudo = append(pseudo, 0)
	}
	sum := 0
	for i := 0; i < len(pseudo); i += 2 {
		sum += int(pseudo[i])<<8 + int(pseudo[i+1])
		if sum > 0xffff {
			sum -= 0xffff
		}
	}
	return uint16(^sum)
}

// Flags and lifetimes say what the Router says, within the RFC's bounds.
func TestAdvertisementBounds(t *testing.T) {
	r := router()
	r.Managed, r.Other, r.OnLink = true, true, false
	r.HopLimit = 32
	r.RouterLifetime = 24 * time.Hour
	r.ValidLifetime, r.PreferredLifetime = time.Hour, 2*time.Hour
	r.Prefix = netip.MustParsePrefix("2001:db8:0:7::1234/64")
	r.MTU = 0
	for range 20 {
		r.DNS = append(r.DNS, server)
	}
	got := AppendAdvertisement(nil, r)
	icmp := got[40:]
	if icmp[4] != 32 || icmp[5] != 0xc0 {
		t.Errorf("hop limit %d, flags %#x", icmp[4], icmp[5])
	}
	// "the sending rules in Section 6 limit the lifetime to 9000 seconds" RFC 4861 §4.2
	if n := binary.BigEndian.Uint16(icmp[6:]); n != 9000 {
		t.Errorf("Router Lifetime %d", n)
	}
	prefix := icmp[16:]
	if prefix[0] != optionPrefix || prefix[3] != flagAutonomous {
		t.Fatalf("the first option is %x, flags %x", prefix[0], prefix[3])
	}
	// "this field MUST NOT exceed the Valid Lifetime field" RFC 4861 §4.6.2
	if v, p := binary.BigEndian.Uint32(prefix[4:]), binary.BigEndian.Uint32(prefix[8:]); v != 3600 || p != 3600 {
		t.Errorf("valid %d, preferred %d", v, p)
	}
	if !bytes.Equal(prefix[24:32], make([]byte, 8)) {
		t.Errorf("bits behind the prefix are not zero: %x", prefix[16:32])
	}
	if n := prefix[33]; n != 1+2*dnsMax || len(got) > 1280 {
		t.Errorf("RDNSS of length %d in a packet of %d octets", n, len(got))
	}
}

// Who solicits gets an advertisement, and who pings us an answer.
func TestRespond(t *testing.T) {
	r := router()
	us := r.LinkLocal()
	solicitation := []byte{typeRouterSolicitation, 0, 0, 0, 0, 0, 0, 0}
	slla := append(bytes.Clone(solicitation), 1, 1, 2, 0, 0, 0, 0, 1)
	ping := []byte{typeEchoRequest, 0, 0, 0, 0x12, 0x34, 0, 1, 'a', 'b', 'c'}
	tests := []struct {
		why    string
		packet []byte
		to     netip.Addr // of the reply; invalid: none
		kind   byte
	}{
		{"a solicitation to all routers", message(hostAddr, allRouters, solicitation...), hostAddr, typeRouterAdvertisement},
		{"one to us", message(hostAddr, us, solicitation...), hostAddr, typeRouterAdvertisement},
		{"one from a host without an address", message(netip.IPv6Unspecified(), allRouters, solicitation...), allNodes, typeRouterAdvertisement},
		{"with the address option", message(hostAddr, allRouters, slla...), hostAddr, typeRouterAdvertisement},
		{"which must not be with the unspecified source", message(netip.IPv6Unspecified(), allRouters, slla...), netip.Addr{}, 0},
		{"from afar", message(server, allRouters, solicitation...), netip.Addr{}, 0},
		{"to someone else", message(hostAddr, netip.MustParseAddr("fe80::99"), solicitation...), netip.Addr{}, 0},
		{"too short", message(hostAddr, allRouters, solicitation[:7]...), netip.Addr{}, 0},
		{"with an option of length zero", message(hostAddr, allRouters, append(bytes.Clone(solicitation), 9, 0, 0, 0)...), netip.Addr{}, 0},
		{"with an option cut off", message(hostAddr, allRouters, append(bytes.Clone(solicitation), 9, 2, 0, 0, 0, 0, 0, 0)...), netip.Addr{}, 0},
		{"with a code", message(hostAddr, allRouters, append([]byte{typeRouterSolicitation, 1}, solicitation[2:]...)...), netip.Addr{}, 0},
		{"forwarded by a router", withHopLimit(message(hostAddr, allRouters, solicitation...), 254), netip.Addr{}, 0},
		{"with a wrong checksum", withChecksum(message(hostAddr, allRouters, solicitation...), 1), netip.Addr{}, 0},
		{"an advertisement", message(hostAddr, us, typeRouterAdvertisement, 0, 0, 0), netip.Addr{}, 0},

		{"a ping", message(hostAddr, us, ping...), hostAddr, typeEchoReply},
		{"of all nodes", message(hostAddr, allNodes, ping...), hostAddr, typeEchoReply},
		{"from a global address", message(server, us, ping...), server, typeEchoReply},
		{"from nowhere", message(netip.IPv6Unspecified(), us, ping...), netip.Addr{}, 0},
		{"from many", message(allNodes, us, ping...), netip.Addr{}, 0},
		{"of someone else", message(hostAddr, server, ping...), netip.Addr{}, 0},
		{"without an identifier", message(hostAddr, us, ping[:6]...), netip.Addr{}, 0},
	}
	for _, tt := range tests {
		reply, ok := Respond(nil, tt.packet, r)
		if ok != tt.to.IsValid() {
			t.Errorf("%s: answered: %v", tt.why, ok)
			continue
		}
		if !ok {
			continue
		}
		p, valid := parse(reply)
		if !valid || p.source != us || p.destination != tt.to || p.message[0] != tt.kind || p.hopLimit != 255 {
			t.Errorf("%s: the reply is %x", tt.why, reply)
		}
		if tt.kind == typeEchoReply && !bytes.Equal(p.message[4:], ping[4:]) {
			t.Errorf("%s: the data came back as %x", tt.why, p.message[4:])
		}
	}
}

func withHopLimit(p []byte, n byte) []byte { p[7] = n; return p }
func withChecksum(p []byte, d byte) []byte { p[42] += d; return p }

// The reply goes behind what dst holds already, and steady traffic costs no memory.
func TestRespondAllocatesNothing(t *testing.T) {
	r := router()
	ping := message(hostAddr, r.LinkLocal(), typeEchoRequest, 0, 0, 0, 0, 1, 0, 1, 'x')
	buf := make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(100, func() {
		out, ok := Respond(append(buf[:0], 0xff, 0x03), ping, r)
		if !ok || out[0] != 0xff || len(out) != len(ping)+2 {
			t.Fatal("no reply behind the header")
		}
		AppendAdvertisement(buf[:0], r)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever comes, there is no panic, and what is answered is answered soundly.
func FuzzRespond(f *testing.F) {
	r := router()
	f.Add(message(hostAddr, allRouters, typeRouterSolicitation, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0))
	f.Add(message(hostAddr, r.LinkLocal(), typeEchoRequest, 0, 0, 0, 0, 1, 0, 1, 'x'))
	f.Add([]byte{0x60})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, repaired := range []bool{false, true} {
			if repaired {
				if len(b) < 44 {
					return
				}
				b = bytes.Clone(b)
				seal(b) // so that the fuzzer comes past the checksum
			}
			reply, ok := Respond(nil, b, r)
			if !ok {
				continue
			}
			if p, valid := parse(reply); !valid || p.source != r.LinkLocal() || p.destination.IsUnspecified() {
				t.Fatalf("%x is answered with %x", b, reply)
			}
		}
	})
}
