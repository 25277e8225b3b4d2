// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"bytes"
	"math"
	"slices"

	"holdfast/l2tp/wire"
)

// read takes what a message of the set-up says about the call. Everything is
// copied: the message is borrowed.
func (c *Call) read(m *wire.Message) {
	number(&c.Serial, m.CallSerialNumber, m, wire.CallSerialNumber)
	number(&c.BearerType, m.BearerType, m, wire.BearerType)
	number(&c.FramingType, m.FramingType, m, wire.FramingType)
	number(&c.PhysicalChannel, m.PhysicalChannelID, m, wire.PhysicalChannelID)
	number(&c.MinimumBPS, m.MinimumBPS, m, wire.MinimumBPS)
	number(&c.MaximumBPS, m.MaximumBPS, m, wire.MaximumBPS)
	text(&c.CalledNumber, m.CalledNumber, m, wire.CalledNumber)
	text(&c.CallingNumber, m.CallingNumber, m, wire.CallingNumber)
	text(&c.SubAddress, m.SubAddress, m, wire.SubAddress)
	text(&c.PrivateGroup, m.PrivateGroupID, m, wire.PrivateGroupID)
	// "When the optional Rx Connect Speed AVP is NOT present, the connection speed
	// (...) is assumed to be symmetric", RFC 2661 §4.4.4.
	if m.Has(wire.TxConnectSpeed) {
		c.TxSpeed, c.RxSpeed = uint64(m.TxConnectSpeed), uint64(m.TxConnectSpeed)
	}
	if m.Has(wire.RxConnectSpeed) {
		c.RxSpeed = uint64(m.RxConnectSpeed)
	}
	c.Sequencing = c.Sequencing || m.Has(wire.SequencingRequired)
	c.SpeedUpdates = c.SpeedUpdates || m.Has(wire.ConnectSpeedUpdEnable)
	if m.Has(wire.InitialReceivedLCP) || m.Has(wire.LastSentLCP) || m.Has(wire.LastReceivedLCP) {
		c.ProxyLCP = &ProxyLCP{
			InitialReceived: slices.Clone(m.InitialReceivedLCP),
			LastSent:        slices.Clone(m.LastSentLCP),
			LastReceived:    slices.Clone(m.LastReceivedLCP),
		}
	}
	if m.Has(wire.ProxyAuthenType) {
		c.ProxyAuth = &ProxyAuth{
			Type:      m.ProxyAuthenType,
			Name:      string(m.ProxyAuthenName),
			Challenge: slices.Clone(m.ProxyAuthenChallenge),
			ID:        uint8(m.ProxyAuthenID), // "the most significant octet MUST be 0", RFC 2661 §4.4.5
			Response:  slices.Clone(m.ProxyAuthenResponse),
		}
	}
	if m.HasLine {
		c.Line = readLine(&m.Line)
	}
}

func number(to *uint32, v uint32, m *wire.Message, t wire.AVPType) {
	if m.Has(t) {
		*to = v
	}
}

func text(to *string, v []byte, m *wire.Message, t wire.AVPType) {
	if m.Has(t) && *to != string(v) {
		*to = string(v)
	}
}

// requestAVPs fills an ICRQ or OCRQ.
func (c *Call) requestAVPs(m *wire.Message) {
	m.CallSerialNumber, m.BearerType, m.FramingType = c.Serial, c.BearerType, c.FramingType
	m.MinimumBPS, m.MaximumBPS, m.PhysicalChannelID = c.MinimumBPS, c.MaximumBPS, c.PhysicalChannel
	m.CalledNumber, m.CallingNumber, m.SubAddress = []byte(c.CalledNumber), []byte(c.CallingNumber), []byte(c.SubAddress)
	m.Add(wire.CallSerialNumber)
	if c.Outgoing {
		m.Add(wire.MinimumBPS, wire.MaximumBPS, wire.BearerType, wire.FramingType, wire.CalledNumber)
	} else {
		addIf(m, wire.BearerType, c.BearerType != 0)
		addIf(m, wire.PhysicalChannelID, c.PhysicalChannel != 0)
		addIf(m, wire.CalledNumber, c.CalledNumber != "")
		addIf(m, wire.CallingNumber, c.CallingNumber != "")
		addIf(m, wire.ConnectSpeedUpdEnable, c.SpeedUpdates)
		if c.Line != nil {
			m.HasLine = true
			writeLine(&m.Line, c.Line)
		}
	}
	addIf(m, wire.SubAddress, c.SubAddress != "")
}

// connectAVPs fills an ICCN or OCCN.
func (c *Call) connectAVPs(m *wire.Message) {
	m.TxConnectSpeed, m.RxConnectSpeed = bps(c.TxSpeed), bps(c.RxSpeed)
	m.FramingType = c.FramingType
	m.Add(wire.TxConnectSpeed, wire.FramingType)
	addIf(m, wire.RxConnectSpeed, c.RxSpeed != 0 && c.RxSpeed != c.TxSpeed)
	addIf(m, wire.SequencingRequired, c.Sequencing)
	if c.Outgoing {
		return
	}
	m.PrivateGroupID = []byte(c.PrivateGroup)
	addIf(m, wire.PrivateGroupID, c.PrivateGroup != "")
	if p := c.ProxyLCP; p != nil {
		m.InitialReceivedLCP, m.LastSentLCP, m.LastReceivedLCP = p.InitialReceived, p.LastSent, p.LastReceived
		addIf(m, wire.InitialReceivedLCP, p.InitialReceived != nil)
		addIf(m, wire.LastSentLCP, p.LastSent != nil)
		addIf(m, wire.LastReceivedLCP, p.LastReceived != nil)
	}
	if a := c.ProxyAuth; a != nil {
		m.ProxyAuthenType, m.ProxyAuthenID = a.Type, uint16(a.ID)
		m.ProxyAuthenName, m.ProxyAuthenChallenge, m.ProxyAuthenResponse = []byte(a.Name), a.Challenge, a.Response
		m.Add(wire.ProxyAuthenType)
		// Which of them "MUST be present" for which type: RFC 2661 §4.4.5.
		addIf(m, wire.ProxyAuthenName, a.Type != proxyAuthNone)
		addIf(m, wire.ProxyAuthenChallenge, len(a.Challenge) > 0)
		addIf(m, wire.ProxyAuthenID, a.Type == proxyAuthCHAP || a.Type == proxyAuthPAP || a.Type == proxyAuthMSCHAP)
		addIf(m, wire.ProxyAuthenResponse, a.Type != proxyAuthNone)
	}
}

// Proxy Authen Types, RFC 2661 §4.4.5. Type 1, textual, needs no name here.
const (
	proxyAuthCHAP   = 2
	proxyAuthPAP    = 3
	proxyAuthNone   = 4
	proxyAuthMSCHAP = 5
)

func addIf(m *wire.Message, t wire.AVPType, yes bool) {
	if yes {
		m.Add(t)
	}
}

// bps fits a speed into the 32 bits of its AVP.
func bps(v uint64) uint32 { return uint32(min(v, math.MaxUint32)) }

// clone makes a copy that shares nothing with the original.
func (c *Call) clone() *Call {
	d := *c
	if p := c.ProxyLCP; p != nil {
		d.ProxyLCP = &ProxyLCP{slices.Clone(p.InitialReceived), slices.Clone(p.LastSent), slices.Clone(p.LastReceived)}
	}
	if a := c.ProxyAuth; a != nil {
		d.ProxyAuth = &ProxyAuth{a.Type, a.Name, slices.Clone(a.Challenge), a.ID, slices.Clone(a.Response)}
	}
	if c.Line != nil {
		line := *c.Line
		d.Line = &line
	}
	return &d
}

// rates and delays give the fields of a Line in the order of RFC 5515.
func (l *Line) rates() [wire.LineRates]*uint64 {
	return [...]*uint64{
		&l.ActualUp, &l.ActualDown, &l.MinimumUp, &l.MinimumDown, &l.AttainableUp, &l.AttainableDown,
		&l.MaximumUp, &l.MaximumDown, &l.MinimumLowPowerUp, &l.MinimumLowPowerDown,
	}
}

func (l *Line) delays() [wire.LineDelays]*uint32 {
	return [...]*uint32{&l.DelayMaxUp, &l.DelayUp, &l.DelayMaxDown, &l.DelayDown}
}

func readLine(w *wire.Line) *Line {
	l := &Line{
		AgentCircuitID: string(w.AgentCircuitID), AgentRemoteID: string(w.AgentRemoteID),
		Encapsulation: w.Encapsulation, LineType: uint32(w.Type), Interworked: w.Interworked,
	}
	for i, rate := range l.rates() {
		*rate = w.Rates[i]
	}
	for i, delay := range l.delays() {
		*delay = w.Delays[i]
	}
	return l
}

func writeLine(w *wire.Line, l *Line) {
	*w = wire.Line{
		AgentCircuitID: []byte(l.AgentCircuitID), AgentRemoteID: []byte(l.AgentRemoteID),
		HasEncapsulation: l.Encapsulation != [3]byte{}, Encapsulation: l.Encapsulation, Type: uint8(l.LineType), Interworked: l.Interworked,
	}
	for i, rate := range l.rates() {
		w.Rates[i] = *rate
	}
	for i, delay := range l.delays() {
		w.Delays[i] = *delay
	}
}

// readCause is the PPP Disconnect Cause of a CDN; nil when it has none.
func readCause(m *wire.Message) *DisconnectCause {
	if !m.Has(wire.PPPDisconnectCause) {
		return nil
	}
	c := &m.DisconnectCause
	return &DisconnectCause{Code: c.Code, Protocol: c.Protocol, Direction: c.Direction, Message: string(bytes.ToValidUTF8(c.Message, []byte("?")))}
}
