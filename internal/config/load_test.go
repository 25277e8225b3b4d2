// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/internal/config/statements"
)

// What check-config prints and what a daemon gets is the same call.
func TestLoadFile(t *testing.T) {
	fsys := fstest.MapFS{
		"good.conf": {Data: []byte(statements.BaseText())},
		"bad.conf":  {Data: []byte("system {\n    host-nam lns1;\n    shards 4;\n}\n")},
	}
	if _, r, err := LoadFile(fsys, "good.conf"); err != nil || r.LNS.HostName != "lns1" {
		t.Errorf("good.conf: %v", err)
	}
	_, _, err := LoadFile(fsys, "bad.conf")
	want := "bad.conf:2:5: unknown statement 'host-nam' in system; did you mean host-name?\n" +
		"bad.conf:3:5: unknown statement 'shards' in system; it belongs in system processes holdfast"
	if err == nil || err.Error() != want {
		t.Errorf("bad.conf: got\n%v\nwant\n%s", err, want)
	}
	if _, _, err := LoadFile(fsys, "none.conf"); err == nil || !strings.HasPrefix(err.Error(), "config: ") {
		t.Errorf("none.conf: %v", err)
	}
}

// A file full of errors must not fill the terminal, nor the memory.
func TestErrorsAreBounded(t *testing.T) {
	_, errs := Parse("x", []byte(strings.Repeat("nonsense;\n", 10*errorsMax)))
	if len(errs) != errorsMax {
		t.Errorf("%d errors, want %d", len(errs), errorsMax)
	}
}

// Local subscribers come by the ten thousand; reading them must not take more
// than linear time.
func BenchmarkLoad(b *testing.B) {
	for _, subscribers := range []int{1000, 10000, 100000} {
		b.Run(fmt.Sprint(subscribers), func(b *testing.B) {
			var text strings.Builder
			text.WriteString(statements.BaseText())
			text.WriteString("access profile subscribers {\n")
			for i := range subscribers {
				fmt.Fprintf(&text, "subscriber user%d@example { password p%d; framed-ip-address 10.%d.%d.%d; }\n", i, i, i>>16, i>>8&255, i&255)
			}
			text.WriteString("}\n")
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, _, errs := Load("x", []byte(text.String())); len(errs) > 0 {
					b.Fatal(Errors(errs))
				}
			}
		})
	}
}
