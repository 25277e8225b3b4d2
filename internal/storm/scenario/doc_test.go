// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"os"
	"strings"
	"testing"
)

// The story in doc.go lists every phase with exactly the words that it knows.
func TestDocListsPhases(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range kinds() {
		found := false
		for _, line := range strings.Split(string(text), "\n") {
			rest, ok := strings.CutPrefix(line, "//	"+name+" ")
			words := strings.TrimSpace(rest)
			found = found || ok && (words == k.words || strings.HasPrefix(words, k.words+"  "))
		}
		if !found {
			t.Errorf("%s %s is not in the table of doc.go", name, k.words)
		}
	}
}
