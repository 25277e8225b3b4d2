// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"regexp"
	"strings"
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

// The commands that the manual on overload tells operators to type are commands.
func TestOverloadManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations/overload.md")
	if err != nil {
		t.Fatal(err)
	}
	typed := regexp.MustCompile("`(show [^`]+)`").FindAllSubmatch(text, -1)
	for _, line := range typed {
		if _, _, err := parse(commands(), strings.Fields(string(line[1]))); err != nil {
			t.Errorf("%s: %v", line[1], err)
		}
	}
	if len(typed) < 5 {
		t.Errorf("it names %d commands", len(typed))
	}
}
