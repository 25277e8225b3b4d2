// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"cmp"
	"time"
)

// Defaults of TunnelConfig and Config.
const (
	defaultFraming         = 3 // asynchronous and synchronous
	defaultFramingType     = 1 // of ICCN and OCCN: synchronous
	defaultReceiveWindow   = 128
	defaultSendWindowMax   = 1024
	defaultHello           = 60 * time.Second // "a recommended default is 60 seconds", RFC 2661 §6.5
	defaultRetransmit      = time.Second      // "a recommended default is 1 second", RFC 2661 §5.8
	defaultRetransmitMax   = 16 * time.Second // "This cap MUST be no less than 8 seconds", RFC 2661 §5.8
	retransmitCapMin       = 8 * time.Second
	defaultRetries         = 7
	defaultRetriesEarly    = 5 // "a recommended default is 5", RFC 2661 §5.8
	defaultEstablish       = 60 * time.Second
	defaultHalfOpenMax     = 4096
	defaultHalfOpenPeerMax = 1024
	defaultSessionIDRest   = 2 * time.Second

	// "The recommended time for a full retransmission cycle is 31 seconds", RFC 2661 §5.7.
	retention = 31 * time.Second
)

func (c *TunnelConfig) hostName() string { return cmp.Or(c.HostName, "holdfast") }
func (c *TunnelConfig) framing() uint32  { return cmp.Or(c.FramingCapabilities, defaultFraming) }
func (c *TunnelConfig) receiveWindow() int {
	return min(cmp.Or(max(c.ReceiveWindow, 0), defaultReceiveWindow), 1024)
}
func (c *TunnelConfig) sendWindowMax() int {
	return min(cmp.Or(max(c.SendWindowMax, 0), defaultSendWindowMax), 1024)
}
func (c *TunnelConfig) helloInterval() time.Duration { return cmp.Or(c.HelloInterval, defaultHello) }
func (c *TunnelConfig) retransmitInterval() time.Duration {
	return cmp.Or(max(c.RetransmitInterval, 0), defaultRetransmit)
}
func (c *TunnelConfig) retransmitIntervalMax() time.Duration {
	return max(cmp.Or(c.RetransmitIntervalMax, defaultRetransmitMax), retransmitCapMin, c.RetransmitInterval)
}
func (c *TunnelConfig) establishTimeout() time.Duration {
	return cmp.Or(max(c.EstablishTimeout, 0), defaultEstablish)
}
func (c *TunnelConfig) sessionMax() int { return min(cmp.Or(max(c.SessionMax, 0), indexMax), indexMax) }
