// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"path/filepath"
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

// The commands that the manuals tell operators to type are commands. What ends in
// "..." goes on.
func TestManuals(t *testing.T) {
	pages, err := filepath.Glob("../../docs/operations/*.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile("`((?:run )?(?:show|clear|test) [^`]+)`")
	n := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range command.FindAllSubmatch(text, -1) {
			n++
			words := withoutRun(strings.Fields(strings.TrimSuffix(string(line[1]), "...")))
			if strings.HasSuffix(string(line[1]), "...") {
				_, err = Complete(words, "")
			} else {
				_, _, err = parse(commands(), words)
			}
			if err != nil {
				t.Errorf("%s: %s: %v", page, line[1], err)
			}
		}
	}
	if n < 15 {
		t.Errorf("they name %d commands", n)
	}
}
