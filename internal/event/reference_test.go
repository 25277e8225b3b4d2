// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the page of the manual")

// The manual says what the table says.
func TestReference(t *testing.T) {
	const page = "../../docs/reference/events.md"
	got := AppendReference(nil)
	if *update {
		if err := os.WriteFile(page, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(page); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not current (%v): go test ./internal/event -run TestReference -update", page, err)
	}
}
