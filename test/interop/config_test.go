// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"os"
	"testing"

	"holdfast/internal/config"
)

// The suite's own configuration is sound: this needs no root to find out.
func TestConfiguration(t *testing.T) {
	text, err := os.ReadFile("testdata/interop.conf")
	check(t, err)
	tree, errs := config.Parse("interop.conf", text)
	if len(errs) == 0 {
		_, errs = config.Build(tree)
	}
	for _, err := range errs {
		t.Error(err)
	}
}
