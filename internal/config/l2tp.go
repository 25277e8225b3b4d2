// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/lns"
	"holdfast/l2tp"
)

// l2tp reads what holds for the whole system.
func (b *builder) l2tp() {
	v := b.root.sub("services", "l2tp")
	tunnel := v.sub("tunnel")
	cfg := b.result.LNS
	cfg.SessionMax, cfg.TunnelMax = v.int("maximum-sessions"), v.int("maximum-tunnels")
	cfg.Drain = v.has("drain")
	cfg.DestructTimeout = v.seconds("destruct-timeout")
	cfg.HalfOpenMax, cfg.HalfOpenPeerMax = tunnel.int("half-open-maximum"), tunnel.int("half-open-maximum-per-peer")
	if cfg.HalfOpenPeerMax > cfg.HalfOpenMax && tunnel.has("half-open-maximum-per-peer") {
		b.errorf(tunnel.posOf("half-open-maximum-per-peer"), "half-open-maximum-per-peer %d is greater than half-open-maximum %d",
			cfg.HalfOpenPeerMax, cfg.HalfOpenMax)
	}
	cfg.HalfOpenPeerMax = min(cfg.HalfOpenPeerMax, cfg.HalfOpenMax)
	cfg.Admission = b.admission(v.sub("admission"))
	cfg.Redial = redial(v.sub("redial-replaces"))
	t := b.tunnelDefaults()
	cfg.Summary = lns.SummarySettings{
		RetransmitMin:               t.RetransmitInterval,
		RetransmitMaxEstablished:    t.RetransmitMax,
		RetransmitMaxNotEstablished: t.RetransmitMaxNotEstablished,
		TunnelIdleTimeout:           t.IdleTimeout,
		DestructTimeout:             cfg.DestructTimeout,
		ReceiveWindow:               t.ReceiveWindow,
		AddressChange:               t.AddressChange,
	}
	b.limits = make(map[string]*lns.SessionLimitGroup)
	for _, g := range v.entries("session-limit-group") {
		b.limits[g.key()] = &lns.SessionLimitGroup{Name: g.key(), SessionMax: g.int("maximum-sessions")}
	}
}

// admission is services l2tp admission.
func (b *builder) admission(v view) admission.Config {
	a := admission.Config{
		Disabled:     v.has("disable"),
		Deadline:     v.seconds("deadline"),
		ParkMax:      v.int("maximum-parked-calls"),
		SlotsMin:     v.int("minimum-slots"),
		SlotsMax:     v.int("maximum-slots"),
		ShortWait:    time.Duration(v.int("short-wait")) * time.Millisecond,
		RefusalsRate: v.int("maximum-refusals"),
	}
	if a.SlotsMin > a.SlotsMax {
		b.errorf(v.posOf("minimum-slots"), "minimum-slots %d is greater than maximum-slots %d", a.SlotsMin, a.SlotsMax)
	}
	if a.ShortWait >= a.Deadline {
		b.errorf(v.posOf("short-wait"), "short-wait %v is not shorter than the deadline, %v", a.ShortWait, a.Deadline)
	}
	return a
}

// redial is services l2tp redial-replaces.
func redial(v view) lns.Redial {
	r := lns.Redial{Disabled: v.has("disable"), MinimumAge: v.seconds("minimum-age")}
	for _, word := range v.values("line") {
		r.LineBy = append(r.LineBy, map[string]lns.LineKey{
			"calling-number": lns.LineByCallingNumber, "circuit-id": lns.LineByCircuitID, "user-name": lns.LineByUserName,
		}[word])
	}
	return r
}

// retransmitIntervalMax is where the doubling of the retransmission interval
// ends. "This cap MUST be no less than 8 seconds per retransmission." RFC 2661 §5.8
const retransmitIntervalMax = 16 * time.Second

// tunnelDefaults is what services l2tp tunnel says of every tunnel.
func (b *builder) tunnelDefaults() l2tp.TunnelConfig {
	v := b.root.sub("services", "l2tp", "tunnel")
	return l2tp.TunnelConfig{
		ReceiveWindow:               v.int("rx-window-size"),
		RetransmitInterval:          v.seconds("minimum-retransmission-timeout"),
		RetransmitIntervalMax:       retransmitIntervalMax,
		RetransmitMax:               v.int("retransmission-count-established"),
		RetransmitMaxNotEstablished: v.int("retransmission-count-not-established"),
		IdleTimeout:                 v.seconds("idle-timeout"),
		SessionMax:                  v.int("maximum-sessions"),
		AddressChange:               addressChange(v.text("tx-address-change")),
		Sequencing:                  v.has("data-sequencing"),
	}
}

func addressChange(word string) l2tp.AddressChange {
	return map[string]l2tp.AddressChange{
		"accept": l2tp.AddressChangeAccept, "ignore": l2tp.AddressChangeIgnore,
		"ignore-ip-address": l2tp.AddressChangeIgnoreIPAddress, "ignore-udp-port": l2tp.AddressChangeIgnoreUDPPort,
		"reject": l2tp.AddressChangeReject, "reject-ip-address": l2tp.AddressChangeRejectIPAddress,
		"reject-udp-port": l2tp.AddressChangeRejectUDPPort,
	}[word]
}

// tunnelGroups reads the tunnel groups and settles the terms of each client.
func (b *builder) tunnelGroups() {
	for _, v := range b.root.sub("services", "l2tp").entries("tunnel-group") {
		g := b.tunnelGroup(v)
		b.result.LNS.Groups = append(b.result.LNS.Groups, g)
		b.groupTerms(v, g)
	}
}

func (b *builder) tunnelGroup(v view) *lns.TunnelGroup {
	gateway := v.sub("local-gateway")
	g := &lns.TunnelGroup{
		Name:            v.key(),
		Gateway:         gateway.addr("address"),
		GatewayName:     cmp.Or(gateway.text("gateway-name"), b.result.LNS.HostName),
		SessionMax:      v.int("maximum-sessions"),
		Clients:         b.access[v.text("l2tp-access-profile")].AccessProfile,
		AAA:             b.aaa[v.text("aaa-access-profile")],
		TermsByHostName: make(map[string]*lns.Terms),
	}
	if p := b.profiles[v.text("dynamic-profile")]; p != nil {
		g.Profile = p.DynamicProfile
	}
	if name := v.text("service-interface"); name != "" {
		b.serviceInterface(v, "service-interface", name)
		g.Interfaces = []string{name}
	} else {
		g.Interfaces = b.devices[v.text("service-device-pool")]
	}
	return g
}

// groupTunnel is a client's tunnel with what the group v adds.
func groupTunnel(t l2tp.TunnelConfig, v view, name string) l2tp.TunnelConfig {
	t.HostName = name
	t.VendorName = vendorName
	t.HideAVPs = v.has("hide-avps") && t.Secret != ""
	t.ReceiveWindow = cmp.Or(v.int("receive-window"), t.ReceiveWindow)
	t.SendWindowMax = v.int("maximum-send-window")
	t.HelloInterval = orNever(v.seconds("hello-interval"))
	t.RetransmitInterval = cmp.Or(v.seconds("retransmit-interval"), t.RetransmitInterval)
	t.EstablishTimeout = v.seconds("tunnel-timeout")
	return t
}

// vendorName is our Vendor Name AVP (RFC 2661 §4.4.3).
const vendorName = "holdfast"
