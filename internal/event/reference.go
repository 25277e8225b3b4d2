// SPDX-License-Identifier: Apache-2.0

package event

import (
	"fmt"
	"strings"
)

// AppendReference appends the events' page of the manual, in Markdown.
func AppendReference(b []byte) []byte {
	b = append(b, `# Events

Generated from internal/event; do not edit.

Every line of the log is one of these events. An event that peers can cause at
will has a rate: a shard writes no more lines of it a second, counts the others,
and says in its next line how many were held back.

`...)
	b = append(b, "| Event | Level | Lines a second and shard | Fields | Meaning |\n|---|---|--:|---|---|\n"...)
	for id := range eventCount {
		d := id.Def()
		keys := make([]string, len(d.Fields))
		for i, f := range d.Fields {
			keys[i] = "`" + f.Key() + "`"
		}
		rate := "no limit"
		if d.Rate > 0 {
			rate = fmt.Sprint(d.Rate)
		}
		b = fmt.Appendf(b, "| `%s` | %s | %s | %s | %s |\n", d.Name, d.Level, rate, strings.Join(keys, " "), d.Help)
	}
	b = append(b, "\n## Fields\n\n| Field | Meaning |\n|---|---|\n"...)
	for _, f := range fields {
		b = fmt.Appendf(b, "| `%s` | %s |\n", f.key, f.help)
	}
	return b
}
