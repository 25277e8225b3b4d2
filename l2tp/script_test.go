// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"holdfast/l2tp/l2tptest"
)

// Conversations in words, short enough to be read as the story they tell.
// Rewrite with: go test ./l2tp -run Scripts -rewrite, and review.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		var s l2tptest.Script
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return s.Run(d.Input)
		})
	})
}
