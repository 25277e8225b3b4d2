// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/md5"
	"crypto/subtle"
	"errors"
	"net"
	"net/netip"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"holdfast/internal/netlab"
)

var radiusAddress = netip.MustParseAddrPort("127.0.0.1:1812")

const radiusSecret = "radius-secret"

// responder is a RADIUS server in memory: it accepts every user with the right
// password, by PAP or CHAP, at once.
type responder struct {
	conn    net.PacketConn
	stopped chan struct{}
}

// startResponder answers in a namespace until close.
func startResponder(in *netlab.Namespace) (*responder, error) {
	r := &responder{stopped: make(chan struct{})}
	err := in.Do(func() error {
		var err error
		r.conn, err = net.ListenPacket("udp4", radiusAddress.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	go r.serve()
	return r, nil
}

func (r *responder) close() error {
	err := r.conn.Close()
	<-r.stopped
	return err
}

func (r *responder) serve() {
	defer close(r.stopped)
	b := make([]byte, radius.MaxPacketLength)
	for {
		n, from, err := r.conn.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of a datagram sent before, to a socket that has gone
		}
		if reply := answer(b[:n]); reply != nil {
			_, _ = r.conn.WriteTo(reply, from) // lost or refused: the client asks again
		}
	}
}

// answer is the answer to an Access-Request; nil: none.
func answer(request []byte) []byte {
	p, err := radius.Parse(request, []byte(radiusSecret))
	if err != nil || p.Code != radius.CodeAccessRequest {
		return nil
	}
	reply := p.Response(radius.CodeAccessReject)
	if authentic(p) {
		reply.Code = radius.CodeAccessAccept
		// Integers always fit into an attribute.
		_ = rfc2865.ServiceType_Add(reply, rfc2865.ServiceType_Value_FramedUser)
		_ = rfc2865.FramedProtocol_Add(reply, rfc2865.FramedProtocol_Value_PPP)
	}
	b, err := reply.Encode()
	if err != nil {
		return nil
	}
	return b
}

// authentic checks the password that a request proves.
func authentic(p *radius.Packet) bool {
	proof := rfc2865.CHAPPassword_Get(p)
	if proof == nil {
		return rfc2865.UserPassword_GetString(p) == password
	}
	// "The CHAP challenge value is found in the CHAP-Challenge Attribute (60) if
	// present in the packet, otherwise in the Request Authenticator field." RFC 2865 §5.3
	challenge := rfc2865.CHAPChallenge_Get(p)
	if challenge == nil {
		challenge = p.Authenticator[:]
	}
	if len(proof) != 1+md5.Size {
		return false
	}
	sum := md5.Sum(append(append(proof[:1:1], password...), challenge...))
	return subtle.ConstantTimeCompare(sum[:], proof[1:]) == 1
}
