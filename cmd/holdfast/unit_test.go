// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// The commands of the unit file are commands of this program.
func TestUnitFile(t *testing.T) {
	text, err := os.ReadFile("../../examples/holdfast.service")
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if !strings.HasPrefix(key, "ExecStart") {
			continue
		}
		var cli commandLine
		parser, err := kong.New(&cli)
		if err != nil {
			t.Fatal(err)
		}
		command, err := parser.Parse(strings.Fields(value)[1:])
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		seen = append(seen, command.Command())
	}
	if got := strings.Join(seen, ", "); got != "check-config <file>, serve" {
		t.Errorf("the unit runs %q", got)
	}
}
