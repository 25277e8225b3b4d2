// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"strings"
)

// layers is the order of docs/architecture.md. A package imports lower layers
// only, and no sibling of its own layer; a parent and its own sub-package may
// share one.
var layers = map[string]int{
	"l2tp/wire": 0, "ppp/wire": 0, "internal/wheel": 0, "internal/pool": 0, "internal/forward": 0,
	"internal/event": 0, "internal/packet": 0, "internal/ndp": 0,

	"l2tp": 1, "ppp": 1, "radius": 1, "internal/admission": 1, "internal/police": 1, "internal/policy": 1, "internal/directory": 1,

	"internal/lns": 2,

	"internal/config": 3, "internal/config/schema": 3, "internal/metrics": 3,
	"internal/api/holdfastv1": 3, // the messages that api and its clients exchange

	"internal/kernel": 4,

	"internal/netio": 5, "internal/forward/tun": 5, "internal/forward/fake": 5, "internal/aaa": 5, "internal/store": 5,

	"internal/shard": 6, "internal/cluster": 6,

	"internal/api": 7, "internal/cli": 7, "internal/storm": 7,

	"internal/daemon": 8, "internal/sim": 8, "internal/netlab": 8,

	"cmd/holdfast": 9,
}

// support packages serve tests. They may import anything and are imported by
// tests only, and by one another.
var support = []string{"internal/tidy", "internal/testenv", "internal/config/statements", "test"}

// isSupport: those above, what lies in them, and packages named after what they test, as l2tptest.
func isSupport(dir string) bool {
	for _, s := range support {
		if dir == s || strings.HasPrefix(dir, s+"/") {
			return true
		}
	}
	return strings.HasSuffix(dir, "test")
}

// layer finds the layer of a folder: its own entry, or the nearest parent's.
func layer(dir string) (n int, ok bool) {
	for {
		if n, ok = layers[dir]; ok {
			return n, true
		}
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return 0, false
		}
		dir = dir[:i]
	}
}

func related(a, b string) bool { return strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/") }

// Dependencies point down: that is what keeps the machines free of I/O and the
// whole free of cycles.
func checkLayers(m *module, r *report) {
	for _, f := range m.files {
		if isSupport(f.dir) {
			continue
		}
		mine, ok := layer(f.dir)
		if !ok {
			r.at(f.ast.Package, "%s has no layer: add it to the table", f.dir)
			continue
		}
		for _, spec := range f.ast.Imports {
			p := strings.Trim(spec.Path.Value, `"`)
			dir, internal := strings.CutPrefix(p, modulePath+"/")
			if !internal || f.test {
				continue
			}
			if isSupport(dir) {
				r.at(spec.Pos(), "%s is for tests only", dir)
				continue
			}
			if theirs, _ := layer(dir); theirs > mine || theirs == mine && !related(f.dir, dir) {
				r.at(spec.Pos(), "%s (layer %d) imports %s (layer %d)", f.dir, mine, dir, theirs)
			}
		}
	}
}

// System calls have one home.
func checkSystemCallsInKernelOnly(m *module, r *report) {
	for _, f := range m.files {
		if f.test || f.dir == "internal/kernel" {
			continue
		}
		for _, spec := range f.ast.Imports {
			switch p := strings.Trim(spec.Path.Value, `"`); {
			case strings.HasPrefix(p, "golang.org/x/sys"), strings.Contains(p, "/netlink"):
				r.at(spec.Pos(), "%s belongs in internal/kernel", p)
			}
		}
	}
}
