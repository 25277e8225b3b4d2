// SPDX-License-Identifier: Apache-2.0

package config

import (
	"log/slog"
	"net/netip"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/police"
)

// Result is what a configuration means.
type Result struct {
	LNS       *lns.Config        // for the engines
	Daemon    Daemon             // for the daemon around them
	Instances []forward.Instance // for the forwarding plane
	Police    police.Config      // for the protection of the control plane, but for the ingress devices there are
}

// PlaneKind is which forwarding plane there is.
type PlaneKind uint8

// Forwarding planes.
const (
	PlaneTUN  PlaneKind = iota // a TUN device
	PlaneNone                  // nothing is forwarded
)

// String is the word of the configuration.
func (k PlaneKind) String() string {
	if k == PlaneNone {
		return "none"
	}
	return "tun"
}

// Daemon is what a daemon is started with.
type Daemon struct {
	Shards            int            // 0: one a processor
	LogLevel          slog.Level     // the least severe that is written
	MetricsListen     netip.AddrPort // invalid: metrics are not served
	Plane             PlaneKind
	Device            string         // of the forwarding plane
	MTU               int            // of that device
	LoopbackAddresses []netip.Prefix // of lo0, to be put on the loopback device of the system
}

// Build makes a Result of a tree that parsed without error, or says everything
// that is wrong with it as a whole.
func Build(t *Tree) (*Result, []*Error) {
	root := t.Root.active()
	check := validator{file: t.Name, root: root}
	check.statement(root)
	if len(check.errs) > 0 {
		check.errs.sort()
		return nil, check.errs
	}
	b := builder{file: t.Name, root: view{node: root.Schema, at: root}}
	r := b.build()
	if len(b.errs) > 0 {
		b.errs.sort()
		return nil, b.errs
	}
	return r, nil
}

// builder makes a Result part by part; a part finds those before it by name.
type builder struct {
	file string
	root view
	errs Errors

	result    *Result
	loopbacks map[string]*loopback // by logical interface: lo0.0
	gateways  map[netip.Addr]bool  // addresses at which tunnels arrive
	pools     map[string]*lns.Pool
	servers   servers // RADIUS servers for all access profiles
	aaa       map[string]*lns.AAAProfile
	needPool  map[*lns.AAAProfile]bool // some subscriber has neither an address nor a pool of its own
	limits    map[string]*lns.SessionLimitGroup
	profiles  map[string]*dynamicProfile
	devices   map[string][]string // interfaces of a service-device-pool
	access    map[string]*accessProfile
	terms     []*lns.Terms // of all groups and clients, in the order of the text
}

func (b *builder) errorf(pos Pos, format string, args ...any) {
	b.errs.add(b.file, pos, format, args...)
}

func (b *builder) build() *Result {
	b.result = &Result{LNS: &lns.Config{
		HostName:  b.root.sub("system").text("host-name"),
		Instances: []lns.Instance{{ID: 0, Name: "default"}},
	}}
	b.daemon()
	b.ddosProtection()
	b.findGateways()
	b.interfaces()
	b.addressPools()
	b.radius()
	b.aaaProfiles()
	b.domains()
	b.l2tp()
	b.dynamicProfiles()
	b.accessProfiles()
	b.tunnelGroups()
	b.instances()
	return b.result
}

func (b *builder) daemon() {
	v := b.root.sub("system", "processes", "holdfast")
	plane := v.sub("forwarding-plane")
	d := &b.result.Daemon
	d.Shards = v.int("shards")
	d.LogLevel = logLevel(v.text("log-level"))
	d.MetricsListen, _ = netip.ParseAddrPort(v.sub("metrics").text("listen"))
	d.Device, d.MTU = plane.text("device"), plane.int("mtu")
	if plane.text("type") == "none" {
		d.Plane = PlaneNone
	}
	if !deviceName(d.Device) {
		b.errorf(plane.posOf("device"), "device: %s is no name that Linux allows for a network device", quote(d.Device))
	}
}

func logLevel(word string) slog.Level {
	return map[string]slog.Level{
		"error": slog.LevelError, "warning": slog.LevelWarn, "info": slog.LevelInfo, "debug": slog.LevelDebug,
	}[word]
}

// deviceName says whether Linux takes a name for a network device (its
// dev_valid_name).
func deviceName(name string) bool {
	if name == "." || name == ".." {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || c == '/' || c == ':' || c == '%' {
			return false
		}
	}
	return true
}

// findGateways notes the addresses at which tunnels arrive.
func (b *builder) findGateways() {
	b.gateways = make(map[netip.Addr]bool)
	for _, g := range b.root.sub("services", "l2tp").entries("tunnel-group") {
		b.gateways[g.sub("local-gateway").addr("address")] = true
	}
}
