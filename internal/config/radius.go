// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"strings"
	"time"

	"holdfast/internal/lns"
	"holdfast/radius"
)

// servers are RADIUS servers by address, with the order in which they stand.
type servers struct {
	byAddress map[netip.Addr]*radius.Server
	order     []*radius.Server
}

// radius reads what holds for all access profiles.
func (b *builder) radius() {
	v := b.root.sub("access")
	options, backup := v.sub("radius-options"), v.sub("accounting-backup-options")
	r := &b.result.LNS.Radius
	r.Options = radius.Options{
		RevertInterval: options.seconds("revert-interval"), TimeoutGrace: options.seconds("timeout-grace"),
		RequestRate: options.int("request-rate"), InterimRate: options.int("interim-rate"),
	}
	r.PendingStopsMax, r.WithholdMax = backup.int("max-pending-accounting-stops"), backup.minutes("max-withhold-time")
	r.SpoolFile = b.root.sub("system", "processes", "holdfast").text("spool-file")
	b.servers = b.radiusServers(v)
	b.dynamicClients(v)
	b.terminateCodes(v.sub("terminate-code"))
}

// radiusServers reads the entries of radius-server in a container.
func (b *builder) radiusServers(v view) servers {
	s := servers{byAddress: make(map[netip.Addr]*radius.Server)}
	for _, entry := range v.entries("radius-server") {
		one := b.radiusServer(entry)
		if s.byAddress[one.Address] != nil {
			b.errorf(entry.pos(), "radius-server %v is there already", one.Address)
			continue
		}
		s.byAddress[one.Address] = one
		s.order = append(s.order, one)
	}
	return s
}

// radSecSecret is the secret of RADIUS over TLS.
//
// "The shared secret to compute the (obsolete) MD5 integrity checks and
// attribute encryption MUST be "radsec"." RFC 6614 §2.3 (4)
const radSecSecret = "radsec"

func (b *builder) radiusServer(v view) *radius.Server {
	s := &radius.Server{
		Address:           parseAddr(v.key()),
		Authentication:    uint16(v.int("port")),
		Accounting:        uint16(v.int("accounting-port")),
		Dynamic:           uint16(v.int("dynamic-request-port")),
		Secret:            v.secret("secret"),
		Source:            v.addr("source-address"),
		Timeout:           v.seconds("timeout"),
		Retry:             v.int("retry"),
		AccountingTimeout: v.seconds("accounting-timeout"),
		AccountingRetry:   v.int("accounting-retry"),
		OutstandingMax:    v.int("max-outstanding-requests"),
		Weight:            v.int("weight"),
		TrustUnsigned:     v.text("message-authenticator") == "optional",
	}
	if s.Source.IsValid() && s.Source.Is4() != s.Address.Is4() {
		b.errorf(v.posOf("source-address"), "source-address %v is not of the family of %v", s.Source, s.Address)
	}
	tls := v.sub("tls")
	if !tls.present() {
		if s.Secret == "" {
			b.errorf(v.pos(), "secret is missing in %s", v.at.head())
		}
		return s
	}
	s.TLS = &radius.TLS{
		Port: uint16(tls.int("port")), ServerName: tls.text("server-name"),
		CAFile: tls.text("ca-certificate"), CertFile: tls.text("certificate"), KeyFile: tls.text("private-key"),
	}
	if s.Secret == "" {
		s.Secret = radSecSecret
	}
	for _, leaf := range []string{"port", "accounting-port"} {
		if v.has(leaf) {
			b.errorf(v.posOf(leaf), "%s is a UDP port, and %s is reached over TLS at the port of tls", leaf, v.at.head())
		}
	}
	return s
}

// dynamicClients reads radius-disconnect.
func (b *builder) dynamicClients(v view) {
	r := &b.result.LNS.Radius
	r.DynamicPort = uint16(v.int("radius-disconnect-port"))
	seen := make(map[netip.Addr]bool)
	for _, c := range v.sub("radius-disconnect").entries("ADDRESS") {
		a := parseAddr(c.key())
		if seen[a] {
			b.errorf(c.pos(), "client %v is there already", a)
		}
		seen[a] = true
		r.Dynamic = append(r.Dynamic, lns.DynamicClient{Address: a, Secret: c.secret("secret")})
	}
	if v.has("radius-disconnect-port") && len(r.Dynamic) == 0 {
		b.errorf(v.posOf("radius-disconnect-port"),
			"radius-disconnect-port without a client in radius-disconnect: the servers have a dynamic-request-port of their own")
	}
}

// terminateCodes reads terminate-code.
func (b *builder) terminateCodes(v view) {
	for i := range lns.CauseCount {
		family, reason, found := strings.Cut(lns.Cause(i).String(), " ")
		if !found {
			continue
		}
		for _, e := range v.sub(family).entries("REASON") {
			if e.key() == reason {
				b.result.LNS.Radius.Terminate[i] = uint32(e.int("radius"))
			}
		}
	}
}

// set finds the servers that a leaf of an access profile names, among those of
// the profile and those for all. Without the leaf, all of the first kind are
// meant, or else of the second.
func (b *builder) set(profile view, own servers, v view, leaf string, algorithm radius.Algorithm) *radius.Set {
	set := &radius.Set{Name: profile.key(), Algorithm: algorithm}
	if !v.has(leaf) {
		if set.Servers = own.order; len(set.Servers) == 0 {
			set.Servers = b.servers.order
		}
		if len(set.Servers) == 0 {
			b.errorf(profile.pos(), "%s needs a radius-server, and there is none", profile.at.head())
		}
		return set
	}
	given := v.given(leaf)
	for i, text := range given.Values {
		a := parseAddr(text)
		s := own.byAddress[a]
		if s == nil {
			s = b.servers.byAddress[a]
		}
		if s == nil {
			b.errorf(given.ValuePos[i], "%s: there is no radius-server %v", leaf, a)
			continue
		}
		set.Servers = append(set.Servers, s)
	}
	return set
}

func algorithm(word string) radius.Algorithm {
	return map[string]radius.Algorithm{"direct": radius.Direct, "round-robin": radius.RoundRobin, "weighted": radius.Weighted}[word]
}

// milliseconds is the value of a short time.
func (v view) milliseconds(name string) time.Duration {
	return time.Duration(v.int(name)) * time.Millisecond
}
