// SPDX-License-Identifier: Apache-2.0

package live

import "strings"

var blocks = []rune(" ▁▂▃▄▅▆▇█")

// spark draws values as a row of blocks, width columns wide at most. When there
// are more values than columns each column shows the greatest of its own, so
// that no peak gets lost. top is the value of a full block.
func spark(values []int, width, top int) string {
	if width < 1 || len(values) == 0 {
		return ""
	}
	columns := min(width, len(values))
	var b strings.Builder
	for c := range columns {
		from, to := c*len(values)/columns, (c+1)*len(values)/columns
		most := 0
		for _, v := range values[from:to] {
			most = max(most, v)
		}
		b.WriteRune(blocks[level(most, top)])
	}
	return b.String()
}

// level is the block for v: none only for zero.
func level(v, top int) int {
	full := len(blocks) - 1
	switch {
	case v <= 0 || top <= 0:
		return 0
	case v >= top:
		return full
	}
	return max(v*full/top, 1)
}
