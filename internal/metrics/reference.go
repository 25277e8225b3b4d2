// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"strings"
)

// AppendReference appends the metrics' page of the manual, in Markdown.
func AppendReference(b []byte) []byte {
	b = append(b, `# Metrics

Generated from internal/metrics; do not edit.

The daemon serves these to Prometheus, beside those of the Go runtime (go_*) and
of the process (process_*). No label names a subscriber, a tunnel or a LAC, so the
number of series depends on the configuration and not on who dials.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
`...)
	for _, d := range Declarations() {
		labels := make([]string, len(d.Labels))
		for i, l := range d.Labels {
			labels[i] = "`" + l + "`"
		}
		b = fmt.Appendf(b, "| `%s` | %s | %s | %s |\n", d.Name, d.Kind, strings.Join(labels, " "), d.Help)
	}
	return b
}
