// SPDX-License-Identifier: Apache-2.0

package schema

// Nearest is the word that was probably meant by a misspelt one; empty: none is
// near enough.
func Nearest(word string, words []string) string {
	if len(word) < 3 || len(word) > 64 {
		return "" // everything is near a short word, and nothing that we have to a long one
	}
	best, limit := "", max(1, len(word)/3)
	for _, w := range words {
		if d := distance(word, w); d <= limit && d > 0 {
			best, limit = w, d-1
		}
	}
	return best
}

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours between a and b (optimal string alignment).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	before, last, row := rows[0], rows[1], rows[2]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
