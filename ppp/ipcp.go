// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"encoding/binary"

	"holdfast/ppp/wire"
)

// wishIPCP sets what our Configure-Requests ask for at the start of a negotiation.
func (l *Link) wishIPCP() { l.addressUnused, l.dnsUnused = false, false }

// appendIPCPRequest appends the options of our Configure-Request (RFC 1332 §3.3,
// RFC 1877 §1). The Peer asks for 0.0.0.0 until it has been told better.
func (l *Link) appendIPCPRequest(b []byte) []byte {
	if !l.addressUnused && (l.cfg.Role == Peer || l.net.local != [4]byte{}) {
		b = wire.AppendOption(b, wire.OptionIPAddress, l.net.local[:]...)
	}
	if l.cfg.Role == Peer && l.cfg.SuggestDNS && !l.dnsUnused {
		b = wire.AppendOption(b, wire.OptionPrimaryDNS, l.net.dns[0][:]...)
		b = wire.AppendOption(b, wire.OptionSecondaryDNS, l.net.dns[1][:]...)
	}
	return b
}

// nameServer is where we keep the address that an option of RFC 1877 is about;
// nil for any other option.
func (l *Link) nameServer(t wire.OptionType) *[4]byte {
	switch t {
	case wire.OptionPrimaryDNS:
		return &l.net.dns[0]
	case wire.OptionSecondaryDNS:
		return &l.net.dns[1]
	case wire.OptionPrimaryNBNS:
		return &l.net.nbns[0]
	case wire.OptionSecondaryNBNS:
		return &l.net.nbns[1]
	}
	return nil
}

// judgeIPCP judges one option of the peer's Configure-Request. IP-Addresses is
// deprecated (RFC 1332 §3.1), and header compression does not pay on L2TP: both
// are rejected.
func (l *Link) judgeIPCP(o wire.Option, c *proposal, fx *Effects) verdict {
	if o.Type == wire.OptionIPAddress {
		return l.judgeAddress(o, c, fx)
	}
	server := l.nameServer(o.Type)
	if server == nil || *server == [4]byte{} || l.cfg.Role == Peer {
		return reject
	}
	return granted(o, *server, fx)
}

// judgeAddress judges the address that the peer wants for itself. The
// Authenticator has one for it and no other, unless it lets the peer choose; the
// Peer takes what the other end says.
func (l *Link) judgeAddress(o wire.Option, c *proposal, fx *Effects) verdict {
	none := len(o.Data) != 4 || binary.BigEndian.Uint32(o.Data) == 0
	if l.cfg.Role == Authenticator && (none || !l.net.peerChooses || [4]byte(o.Data) == l.net.local) {
		return granted(o, l.net.peer, fx)
	}
	if none {
		return reject // we have none to give
	}
	c.address = [4]byte(o.Data)
	return accept
}

// granted accepts an option that has the value v, and no other.
func granted(o wire.Option, v [4]byte, fx *Effects) verdict {
	if len(o.Data) == 4 && [4]byte(o.Data) == v {
		return accept
	}
	fx.arena = wire.AppendOption(fx.arena, o.Type, v[:]...)
	return nak
}

// demandIPCP asks for what the peer has left out.
//
// "If negotiation about the remote IP-address is required, and the peer did not
// provide the option in its Configure-Request, the option SHOULD be appended to
// a Configure-Nak." RFC 1332 §3.3
func (l *Link) demandIPCP(c *proposal, fx *Effects) (ok bool) {
	if l.cfg.Role == Peer {
		return true
	}
	a := &l.layers[ipcp]
	if !l.cfg.PeerAddressOptional && !c.has(wire.OptionIPAddress) {
		if int(a.nakCount) >= l.cfg.failureMax() {
			return false
		}
		fx.arena = wire.AppendOption(fx.arena, wire.OptionIPAddress, l.net.peer[:]...)
	}
	if l.cfg.SuggestDNS && a.nakCount == 0 {
		// A peer that leaves DNS out again does not want it.
		for _, t := range [...]wire.OptionType{wire.OptionPrimaryDNS, wire.OptionSecondaryDNS} {
			if server := l.nameServer(t); *server != [4]byte{} && !c.has(t) {
				fx.arena = wire.AppendOption(fx.arena, t, server[:]...)
			}
		}
	}
	return true
}

// agreeIPCP makes an acknowledged proposal hold.
func (l *Link) agreeIPCP(c *proposal) {
	if l.cfg.Role == Peer || l.net.peerChooses && c.address != [4]byte{} {
		l.net.peer = c.address
	}
}

// nakIPCP takes the other value that the peer gives. The Authenticator's own
// address is not the peer's to choose.
func (l *Link) nakIPCP(o wire.Option) {
	if l.cfg.Role == Authenticator || len(o.Data) != 4 {
		return
	}
	if o.Type == wire.OptionIPAddress {
		l.net.local = [4]byte(o.Data)
	} else if server := l.nameServer(o.Type); server != nil {
		*server = [4]byte(o.Data)
	}
}

// rejectIPCP drops an option that the peer will not have.
func (l *Link) rejectIPCP(o wire.Option) {
	switch o.Type {
	case wire.OptionIPAddress:
		l.addressUnused = true
		if l.cfg.Role == Peer {
			l.net.local = [4]byte{}
		}
	case wire.OptionPrimaryDNS, wire.OptionSecondaryDNS:
		l.dnsUnused = true
	}
}
