// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"net/netip"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

func ipOption(t wire.OptionType, a string) []byte {
	b := netip.MustParseAddr(a).As4()
	return wire.AppendOption(nil, t, b[:]...)
}

// ipcpUp grants n on a link without authentication, and takes our request.
func ipcpUp(t *testing.T, n Network, change func(*Config)) *hand {
	t.Helper()
	h := newHand(t, func(c *Config) {
		c.IPV6CP = false
		if change != nil {
			change(c)
		}
	})
	h.lcpUp()
	h.grant(n)
	h.wantData("Grant", ProtoIPCP, wire.ConfigureRequest, ipOption(wire.OptionIPAddress, "192.0.2.1")...)
	return h
}

// Each option of a Configure-Request and what becomes of it (RFC 1332 §3, RFC
// 1877 §1). All that is Nak'd comes in one Configure-Nak.
func TestAnswerIPCP(t *testing.T) {
	full := standard
	full.NBNS = [2]netip.Addr{netip.MustParseAddr("192.0.2.63"), netip.MustParseAddr("192.0.2.64")}
	bare := Network{LocalIPv4: lnsAddr, PeerIPv4: userAddr}
	oneDNS := bare
	oneDNS.DNS[0] = dns1
	ip := func(a string) []byte { return ipOption(wire.OptionIPAddress, a) }
	dns := func(a, b string) []byte {
		return join(ipOption(wire.OptionPrimaryDNS, a), ipOption(wire.OptionSecondaryDNS, b))
	}
	nbns := func(a, b string) []byte {
		return join(ipOption(wire.OptionPrimaryNBNS, a), ipOption(wire.OptionSecondaryNBNS, b))
	}
	vj := []byte{2, 6, 0, 0x2d, 15, 1}
	addresses := []byte{1, 10, 0, 0, 0, 0, 0, 0, 0, 0}
	mobile := []byte{4, 6, 0, 0, 0, 0}
	const none = "0.0.0.0"
	for _, tt := range []struct {
		why     string
		network Network
		change  func(*Config)
		options []byte
		code    wire.Code
		want    []byte // nil: what was sent
	}{
		{"what it was told", full, nil, join(ip("198.51.100.7"), dns("192.0.2.53", "192.0.2.54")), wire.ConfigureAck, nil},
		{"in another order", full, nil, join(dns("192.0.2.53", "192.0.2.54"), ip("198.51.100.7")), wire.ConfigureAck, nil},
		{"pppd's first request", full, nil, join(ip(none), dns(none, none)), wire.ConfigureNak,
			join(ip("198.51.100.7"), dns("192.0.2.53", "192.0.2.54"))},
		{"Windows' first request", full, nil, join(ip(none), dns(none, none), nbns(none, none)), wire.ConfigureNak,
			join(ip("198.51.100.7"), dns("192.0.2.53", "192.0.2.54"), nbns("192.0.2.63", "192.0.2.64"))},
		{"another address", full, nil, join(ip("203.0.113.9"), dns("192.0.2.53", "192.0.2.54")), wire.ConfigureNak, ip("198.51.100.7")},
		{"an address of two octets", full, nil, []byte{3, 4, 1, 2}, wire.ConfigureNak, ip("198.51.100.7")},
		{"header compression", full, nil, join(vj, ip(none)), wire.ConfigureReject, vj},
		{"IP-Addresses", full, nil, join(addresses, ip(none)), wire.ConfigureReject, addresses},
		{"Mobile-IPv4", full, nil, join(ip("198.51.100.7"), mobile), wire.ConfigureReject, mobile},
		{"name servers that we have not", bare, nil, join(ip(none), dns(none, none), nbns(none, none)), wire.ConfigureReject,
			join(dns(none, none), nbns(none, none))},
		{"only one name server", oneDNS, nil, join(ip(none), dns(none, none)), wire.ConfigureReject, ipOption(wire.OptionSecondaryDNS, none)},
		{"no address", full, nil, nil, wire.ConfigureNak, ip("198.51.100.7")},
		{"no address, and wrong name servers", full, nil, dns(none, none), wire.ConfigureNak, join(dns("192.0.2.53", "192.0.2.54"), ip("198.51.100.7"))},
		{"no address, which is allowed", full, func(c *Config) { c.PeerAddressOptional = true }, []byte{}, wire.ConfigureAck, nil},
		{"no name servers, which are suggested", full, func(c *Config) { c.SuggestDNS = true }, ip("198.51.100.7"), wire.ConfigureNak,
			dns("192.0.2.53", "192.0.2.54")},
	} {
		h := ipcpUp(t, tt.network, tt.change)
		h.request(ProtoIPCP, tt.options...)
		if tt.want == nil {
			tt.want = tt.options
		}
		h.wantData(tt.why, ProtoIPCP, tt.code, tt.want...)
		h.wantNothing(tt.why)
	}
}

// Suggested name servers are suggested once; a peer that leaves them out again
// does not want them.
func TestSuggestDNSOnce(t *testing.T) {
	h := ipcpUp(t, standard, func(c *Config) { c.SuggestDNS = true })
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.want("without name servers", ProtoIPCP, wire.ConfigureNak)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.want("without them again", ProtoIPCP, wire.ConfigureAck)
}

// A peer that insists on another address is Nak'd Max-Failure times, then the
// option is rejected, and without an address IPCP gives up.
func TestPeerInsistsOnAddress(t *testing.T) {
	h := ipcpUp(t, standard, nil)
	other := ipOption(wire.OptionIPAddress, "203.0.113.9")
	for range 5 {
		h.request(ProtoIPCP, other...)
		h.want("another address", ProtoIPCP, wire.ConfigureNak)
	}
	h.request(ProtoIPCP, other...)
	h.wantData("another address, again", ProtoIPCP, wire.ConfigureReject, other...)
	h.request(ProtoIPCP)
	h.want("no address at all", ProtoLCP, wire.TerminateRequest)
	h.reply(ProtoLCP, wire.TerminateAck)
	h.wantDown("no address at all", ErrNoNetwork)
}

// A peer that may choose gets the address that it asks for, but not ours; one that
// has none gets the one that is granted.
func TestPeerChooses(t *testing.T) {
	n := standard
	n.PeerChooses = true
	h := ipcpUp(t, n, nil)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "0.0.0.0")...)
	h.wantData("no address", ProtoIPCP, wire.ConfigureNak, ipOption(wire.OptionIPAddress, n.PeerIPv4.String())...)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, n.LocalIPv4.String())...)
	h.want("our address", ProtoIPCP, wire.ConfigureNak)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "203.0.113.9")...)
	h.want("its own address", ProtoIPCP, wire.ConfigureAck)
	if got := h.link.Network().PeerIPv4.String(); got != "203.0.113.9" {
		t.Errorf("agreed on %s", got)
	}
}

// "IPCP packets received before this phase is reached should be silently
// discarded." RFC 1332 §2: and also before the owner has granted anything.
func TestNothingBeforeGrant(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "0.0.0.0")...)
	h.wantNothing("not granted")
	h.wantCount("not granted", OutOfPhase, 1)
}

// What is not granted is refused with Protocol-Reject, and a link to which
// nothing is granted is of no use.
func TestNotGranted(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	h.grant(Network{LocalIfID: 1, IPv6: true})
	h.want("Grant", ProtoIPV6CP, wire.ConfigureRequest)
	h.send(ProtoIPCP, wire.ConfigureRequest, 5, 3, 6, 0, 0, 0, 0)
	h.wantData("IPCP", ProtoLCP, wire.ProtocolReject, 0x80, 0x21, 1, 5, 0, 10, 3, 6, 0, 0, 0, 0)
	h.wantCount("IPCP", UnknownProtocol, 1)

	h = newHand(t, nil)
	h.lcpUp()
	h.grant(Network{LocalIPv4: lnsAddr, PeerIPv4: userAddr})
	h.want("Grant", ProtoIPCP, wire.ConfigureRequest)
	h.request(ProtoIPV6CP)
	h.want("IPV6CP", ProtoLCP, wire.ProtocolReject)

	h = newHand(t, nil)
	h.lcpUp()
	h.grant(Network{})
	h.want("nothing is granted", ProtoLCP, wire.TerminateRequest)
	h.advance(time.Minute)
	h.wantDown("nothing is granted", ErrNoNetwork)
}

// An NCP that is off waits for the peer to begin; until then it answers with
// Terminate-Ack, as the table has it.
func TestPassiveNCP(t *testing.T) {
	h := newHand(t, func(c *Config) { c.IPCP, c.IPV6CP = false, false })
	h.lcpUp()
	h.grant(standard)
	h.wantNothing("both are off")
	h.send(ProtoIPCP, wire.ConfigureAck, 1)
	h.wantCount("an answer to nothing", Unmatched, 1)
	h.send(ProtoIPCP, wire.TerminateRequest, 8)
	h.want("in Closed", ProtoIPCP, wire.TerminateAck)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.want("the peer begins", ProtoIPCP, wire.ConfigureRequest)
	h.ack(ProtoIPCP)
	h.want("the peer begins", ProtoIPCP, wire.ConfigureAck)
	h.wantEffects("the peer begins", NetworkUp)
}

// "the fact that one NCP has Closed is not sufficient reason to cause the
// termination of the PPP link, even if that NCP was the only NCP currently in the
// Opened state." RFC 1661 §3.7
func TestNCPTerminates(t *testing.T) {
	h := ipcpUp(t, Network{LocalIPv4: lnsAddr, PeerIPv4: userAddr}, nil)
	h.ack(ProtoIPCP)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.want("up", ProtoIPCP, wire.ConfigureAck)
	h.wantEffects("up", NetworkUp)
	h.send(ProtoIPCP, wire.TerminateRequest, 9)
	h.want("down", ProtoIPCP, wire.TerminateAck)
	h.wantEffects("down", NetworkDown)
	h.advance(10 * time.Second)
	h.wantNothing("Stopped")
	h.wantPhase("Stopped", PhaseNetwork)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.want("up again", ProtoIPCP, wire.ConfigureRequest)
	h.ack(ProtoIPCP)
	h.want("up again", ProtoIPCP, wire.ConfigureAck)
	h.wantEffects("up again", NetworkUp)
}

// NCPs that nobody answers are given up, and a link on which none has ever been
// up goes down.
func TestNobodyAnswersNCPs(t *testing.T) {
	h := newHand(t, nil)
	h.cfg.EchoInterval = -1
	h.lcpUp()
	h.grant(standard)
	h.advance(29 * time.Second)
	h.wantPhase("still trying", PhaseNetwork)
	h.advance(time.Minute)
	h.wantDown("ten requests each", ErrNoNetwork)
}

// "Only Codes 1 through 7 [...] are used.  Other Codes should be treated as
// unrecognized and should result in Code-Rejects." RFC 1332 §2
func TestIPCPHasNoEcho(t *testing.T) {
	h := ipcpUp(t, standard, nil)
	h.send(ProtoIPCP, wire.EchoRequest, 3, 0, 0, 0, 0)
	h.wantData("Echo-Request", ProtoIPCP, wire.CodeReject, 9, 3, 0, 8, 0, 0, 0, 0)
	h.send(ProtoIPCP, wire.CodeReject, 3, byte(wire.ConfigureRequest), 1, 0, 4)
	h.want("IPCP is impossible, and nothing else is granted by default", ProtoLCP, wire.TerminateRequest)
}

// The Peer takes the address and the name servers that it is given, asks without
// what is rejected, and does not hand out addresses itself.
func TestPeerIPCP(t *testing.T) {
	h := newHand(t, func(c *Config) { c.Role, c.SuggestDNS, c.IPV6CP = Peer, true, false })
	h.lcpUp()
	dns := join(ipOption(wire.OptionPrimaryDNS, "0.0.0.0"), ipOption(wire.OptionSecondaryDNS, "0.0.0.0"))
	h.wantData("the network phase", ProtoIPCP, wire.ConfigureRequest, join(ipOption(wire.OptionIPAddress, "0.0.0.0"), dns)...)
	h.reply(ProtoIPCP, wire.ConfigureReject, dns...)
	h.wantData("no DNS", ProtoIPCP, wire.ConfigureRequest, ipOption(wire.OptionIPAddress, "0.0.0.0")...)
	address := ipOption(wire.OptionIPAddress, "198.51.100.7")
	h.reply(ProtoIPCP, wire.ConfigureNak, join(address, ipOption(wire.OptionPrimaryNBNS, "192.0.2.63"), []byte{3, 3, 0})...)
	h.wantData("an address", ProtoIPCP, wire.ConfigureRequest, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.ack(ProtoIPCP)
	h.request(ProtoIPCP, join(ipOption(wire.OptionIPAddress, "0.0.0.0"), ipOption(wire.OptionPrimaryDNS, "0.0.0.0"))...)
	h.want("the LNS asks us", ProtoIPCP, wire.ConfigureReject)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "192.0.2.1")...)
	h.want("the LNS has one", ProtoIPCP, wire.ConfigureAck)
	n := h.link.Network()
	if n.LocalIPv4 != userAddr || n.PeerIPv4 != lnsAddr || n.DNS[0].IsValid() {
		t.Errorf("agreed on %+v", n)
	}

	h = newHand(t, func(c *Config) { c.Role, c.IPV6CP = Peer, false })
	h.grant(Network{LocalIPv4: netip.MustParseAddr("203.0.113.9")})
	h.lcpUp()
	h.wantData("a wish", ProtoIPCP, wire.ConfigureRequest, ipOption(wire.OptionIPAddress, "203.0.113.9")...)
	h.reply(ProtoIPCP, wire.ConfigureReject, ipOption(wire.OptionIPAddress, "203.0.113.9")...)
	h.wantData("no address", ProtoIPCP, wire.ConfigureRequest)
}

// The Authenticator's own address is not the peer's to choose.
func TestLocalAddressStays(t *testing.T) {
	h := ipcpUp(t, standard, nil)
	h.reply(ProtoIPCP, wire.ConfigureNak, ipOption(wire.OptionIPAddress, "203.0.113.9")...)
	h.wantData("a Nak", ProtoIPCP, wire.ConfigureRequest, ipOption(wire.OptionIPAddress, "192.0.2.1")...)
	h.reply(ProtoIPCP, wire.ConfigureReject, ipOption(wire.OptionIPAddress, "192.0.2.1")...)
	h.wantData("a Reject", ProtoIPCP, wire.ConfigureRequest)
}
