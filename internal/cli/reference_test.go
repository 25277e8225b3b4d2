// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"testing"
)

// The manual says what the tree says.
func TestReference(t *testing.T) {
	const page = "../../docs/reference/cli.md"
	got := AppendReference(nil)
	if *update {
		if err := os.WriteFile(page, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(page); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not current (%v): go test ./internal/cli -run TestReference -update", page, err)
	}
}
