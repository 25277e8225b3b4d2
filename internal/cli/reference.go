// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
)

// AppendReference appends the commands' page of the manual, in Markdown.
func AppendReference(b []byte) []byte {
	b = append(b, `# Operational commands

Generated from internal/cli; do not edit.

`+"`holdfast [--socket PATH] WORDS`"+` runs a command against the daemon. Words may be
shortened as long as they stay unambiguous; a `+"`?`"+` in place of a word lists what may
stand there; `+"`run`"+` in front means nothing. Without words, on a terminal, holdfast
prompts: tab and space complete, `+"`?`"+` helps, `+"`exit`"+` ends.

Exit codes: 0 done, 1 the daemon could not be asked or refused, 2 not understood.

Tables shorten counts above 2000 (8.0k); detail and JSON have them in full. Data counters
of destinations and tunnels are those of the sessions that are up.

`+"`show chassis routing-engine` and `show system processes extensive`"+` are about the computer:
what it does not tell (temperatures, the serial number, why it was started) is left out.
Among the processes stand the parts of the daemon, as `+"`holdfast{shard 0}`"+`: THR counts
goroutines, WCPU is what a sampling profiler sees for a second, 100 times on each
processor. SIZE, RES and TIME are the whole daemon's and have a `+"`-`"+` there: parts share one
memory, and the time of each is only looked at for that second. Packets that the kernel
handles are under Interrupt and `+"`ksoftirqd`"+`. Active and Inact are memory of programs, Wired that of the
kernel and what is locked, Cache that of files.

Flow detection in `+"`show ddos-protection protocols`"+` is shown as it is in force: that of the
aggregate, where a packet type has no statement of its own. An FPC slot is an ingress device.

`...)
	b = append(b, "| Command | Meaning |\n|---|---|\n"...)
	b = appendCommands(b, commands(), nil)
	b = append(b, "\n## Arguments\n\nThey may stand in any order; of levels (brief, detail, ...) one may be given.\n"...)
	b = appendArguments(b, commands(), nil)
	b = append(b, "\n## Pipes\n\nIn a shell the pipe must be quoted: `holdfast show subscribers '| match user1'`.\n\n| Pipe | Meaning |\n|---|---|\n"...)
	return appendCommands(b, pipeNodes(), []string{`\|`})
}

// path is a command as it is typed.
func path(before []string, n *node) []string {
	words := append(before[:len(before):len(before)], n.word)
	for _, a := range n.args {
		if a.word == "" {
			value := a.value
			if n.need == "" {
				value = "[" + value + "]"
			}
			words = append(words, value)
		}
	}
	return words
}

// appendCommands appends a row for each node that is a command.
func appendCommands(b []byte, n *node, before []string) []byte {
	for i := range n.sub {
		s := &n.sub[i]
		words := path(before, s)
		if s.alike != "" {
			b = fmt.Appendf(b, "| `%s %s` | %s |\n", strings.Join(words, " "), s.alike, s.help)
			continue
		}
		if s.run != nil || len(s.sub) == 0 {
			b = fmt.Appendf(b, "| `%s` | %s |\n", strings.Join(words, " "), s.help)
		}
		b = appendCommands(b, s, words)
	}
	return b
}

// appendArguments appends a table of arguments for each command that has some.
func appendArguments(b []byte, n *node, before []string) []byte {
	for i := range n.sub {
		s := &n.sub[i]
		words := append(before[:len(before):len(before)], s.word)
		rows := []byte(nil)
		for _, a := range s.args {
			if a.word == "" {
				continue
			}
			value := a.value
			if a.values != nil {
				value = strings.Join(a.values, `\|`)
			}
			rows = fmt.Appendf(rows, "| `%s` | %s |\n", strings.TrimSpace(a.word+" "+value), a.help)
		}
		if rows != nil {
			b = fmt.Appendf(b, "\n### %s\n\n| Argument | Meaning |\n|---|---|\n%s", strings.Join(words, " "), rows)
		}
		if s.alike == "" {
			b = appendArguments(b, s, words)
		}
	}
	return b
}
