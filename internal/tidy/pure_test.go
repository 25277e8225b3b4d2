// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"go/ast"
	"go/token"
	"strings"
)

// pureImports is the standard library as layers 0 to 2 may use it: no sockets,
// files, locks, contexts or logs.
var pureImports = map[string]bool{
	"bytes": true, "cmp": true, "container/heap": true, "encoding/binary": true, "encoding/hex": true, "errors": true, "fmt": true,
	"hash/maphash": false, "hash/fnv": true, "iter": true, "maps": true, "math": true, "math/bits": true, "math/rand/v2": true,
	"net/netip": true, "reflect": true, "slices": true, "sort": true, "strconv": true, "strings": true, "time": true,
	"unicode": true, "unicode/utf8": true, "unicode/utf16": true, "unsafe": false,
	"crypto/des": true, "crypto/hmac": true, "crypto/md5": true, "crypto/sha1": true, "crypto/sha256": true, "crypto/subtle": true,
	"golang.org/x/crypto/md4": true,
}

// clock is what of package time needs or is one.
var clock = words("Now Since Until After AfterFunc Sleep Tick NewTimer NewTicker Timer Ticker")

// seeded is what of math/rand/v2 takes its source from the caller.
var seeded = words("Rand New Source NewPCG PCG NewChaCha8 ChaCha8 NewZipf Zipf")

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// The core follows from its seed and its inputs alone: that is what makes a run
// repeatable, and a test of a day take milliseconds.
func checkPure(m *module, r *report) {
	for _, f := range m.files {
		if n, ok := layer(f.dir); !ok || n > 2 || f.test || isSupport(f.dir) {
			continue
		}
		names := imports(f)
		for _, spec := range f.ast.Imports {
			p := strings.Trim(spec.Path.Value, `"`)
			atomic := p == "sync/atomic" && f.dir == "internal/police"
			if !pureImports[p] && !strings.HasPrefix(p, modulePath+"/") && !atomic {
				r.at(spec.Pos(), "imports %s", p)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				r.at(n.Pos(), "starts a goroutine")
			case *ast.ChanType, *ast.SendStmt, *ast.SelectStmt:
				r.at(n.Pos(), "uses a channel")
			case *ast.UnaryExpr:
				if n.Op == token.ARROW {
					r.at(n.Pos(), "uses a channel")
				}
			case *ast.SelectorExpr:
				switch p, _ := isPackage(n.X, names); {
				case p == "time" && clock[n.Sel.Name]:
					r.at(n.Pos(), "reads a clock: time.%s", n.Sel.Name)
				case p == "math/rand/v2" && !seeded[n.Sel.Name]:
					r.at(n.Pos(), "rolls unseeded dice: rand.%s", n.Sel.Name)
				}
			}
			return true
		})
	}
}

// A test that sleeps is slow on a good day and wrong on a bad one.
func checkNoSleepInTests(m *module, r *report) {
	for _, f := range m.files {
		if !f.test {
			continue
		}
		names := imports(f)
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
				if p, _ := isPackage(s.X, names); p == "time" && names["synctest"] != "testing/synctest" {
					r.at(s.Pos(), "time.Sleep in a test: wait for a condition, or simulate time")
				}
			}
			return true
		})
	}
}
