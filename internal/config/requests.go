// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"

	"holdfast/internal/config/schema"
	"holdfast/internal/lns"
)

// profileRadius reads how an access profile uses RADIUS.
func (b *builder) profileRadius(a *lns.AAAProfile, v view) {
	r := v.sub("radius")
	options := r.sub("options")
	own := b.radiusServers(v)
	a.Requests = b.requestFormat(options, r.sub("attributes", "exclude"))
	a.Ignore = ignoreAttributes(r.sub("attributes", "ignore"))
	a.Ignore.RefuseFilters = options.text("unsupported-filter") == "refuse"
	if slices.Contains(a.Order, lns.AuthRadius) {
		a.Radius = b.set(v, own, r, "authentication-server", algorithm(options.text("client-authentication-algorithm")))
	} else if r.has("authentication-server") {
		b.errorf(r.posOf("authentication-server"), "authentication-server has no effect: radius is not in authentication-order")
	}
	accounting := v.sub("accounting")
	if !accounting.present() && !v.has("accounting-order") && !r.has("accounting-server") {
		return
	}
	a.Accounting = accountingOf(accounting)
	a.Accounting.Set = b.set(v, own, r, "accounting-server", algorithm(options.text("client-accounting-algorithm")))
	if second := accounting.sub("duplication"); second.present() {
		a.Accounting.Duplicate = b.set(v, own, second, "accounting-server", a.Accounting.Set.Algorithm)
	}
}

// accountingOf is accounting of an access profile, without its servers.
func accountingOf(v view) *lns.Accounting {
	return &lns.Accounting{
		Interval:      v.minutes("update-interval"),
		Checkpoint:    v.seconds("checkpoint-interval"),
		Immediate:     v.has("immediate-update"),
		AddressChange: v.has("address-change-immediate-update"),
		FamilyChange:  v.has("family-state-change-immediate-update"),
		CoAImmediate:  v.has("coa-immediate-update"),
		StopOnFailure: v.has("accounting-stop-on-failure"),
		StopOnDeny:    v.has("accounting-stop-on-access-deny"),
		TimeOnly:      v.text("statistics") == "time",
		WaitForOnAck:  v.has("wait-for-acct-on-ack"),
		DurableWait:   orNever(v.milliseconds("durable-wait")),
	}
}

// requestFormat reads what requests look like.
func (b *builder) requestFormat(options, exclude view) lns.RequestFormat {
	f := lns.RequestFormat{
		NASIdentifier:       options.text("nas-identifier"),
		NASAddress:          options.addr("nas-ip-address"),
		NASPortType:         portType(options.text("nas-port-type")),
		NASPortID:           b.nameParts(options.sub("nas-port-id-format"), "interface-description"),
		NASPortDelimiter:    options.text("nas-port-id-delimiter"),
		CallingStation:      b.nameParts(options.sub("calling-station-id-format"), "calling-number"),
		CallingDelimiter:    options.text("calling-station-id-delimiter"),
		SessionIDDecimal:    options.text("accounting-session-id-format") == "decimal",
		SessionIDStrict:     options.has("accounting-session-id-strict"),
		UserGiven:           options.has("accounting-username-original"),
		CHAPInAuthenticator: options.has("chap-challenge-in-request-authenticator"),
	}
	for _, node := range exclude.node.Children {
		for _, message := range exclude.values(node.Name) {
			if f.Exclude == nil {
				f.Exclude = make(map[string][]string)
			}
			f.Exclude[message] = append(f.Exclude[message], node.Name)
		}
	}
	// "It MUST contain either a NAS-IP-Address attribute or a NAS-Identifier
	// attribute (or both)." RFC 2865 §4.1
	for _, message := range slices.Sorted(maps.Keys(f.Exclude)) {
		if names := f.Exclude[message]; slices.Contains(names, "nas-identifier") && slices.Contains(names, "nas-ip-address") {
			b.errorf(exclude.posOf("nas-identifier"), "nas-identifier and nas-ip-address: a server must know from one of them whose %s it is", message)
		}
	}
	return f
}

// nameParts are the parts of a name, in their order.
func (b *builder) nameParts(v view, otherwise string) (parts []string) {
	for _, p := range schema.NameParts() {
		if v.has(p.Name) {
			parts = append(parts, p.Name)
		}
	}
	order := v.values("order")
	switch {
	case len(parts) > 0 && len(order) > 0:
		b.errorf(v.given("order").Pos, "order and %s exclude each other: name the parts in order only", parts[0])
	case len(order) > 0:
		return order
	case len(parts) == 0:
		return []string{otherwise}
	}
	return parts
}

// portType is the NAS-Port-Type of a word or number.
func portType(text string) uint32 {
	for _, p := range schema.PortTypes() {
		if p.Name == text {
			return p.Value
		}
	}
	return uint32(number(text))
}

// ignoreAttributes reads which attributes of an answer are not acted upon.
func ignoreAttributes(v view) lns.IgnoreAttributes {
	i := lns.IgnoreAttributes{
		Netmask: v.has("framed-ip-netmask"), InputFilter: v.has("input-filter"), OutputFilter: v.has("output-filter"),
		Instance:       v.has("logical-system-routing-instance"),
		SessionTimeout: v.has("session-timeout"), IdleTimeout: v.has("idle-timeout"),
		Standard: octets(v.values("standard-attribute")),
	}
	for _, vendor := range v.entries("vendor-id") {
		if i.Vendor == nil {
			i.Vendor = make(map[uint32][]uint8)
		}
		i.Vendor[uint32(number(vendor.key()))] = octets(vendor.values("vendor-attribute"))
	}
	return i
}

// octets are numbers that fit into one.
func octets(values []string) (out []uint8) {
	for _, v := range values {
		out = append(out, uint8(number(v)))
	}
	return out
}
