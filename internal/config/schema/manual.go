// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"strings"
)

// Manual is the reference manual of the language in Markdown.
func Manual(root *Node) string {
	var b strings.Builder
	b.WriteString(preface)
	for _, c := range root.Children {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```\n", c.Name, c.Help)
		outline(&b, c, "", 0)
		b.WriteString("```\n\n| Statement | Value | Default | Meaning |\n|---|---|---|---|\n")
		c.Walk(func(path []string, n *Node) { row(&b, path, n) })
		refusals(&b, c)
	}
	return b.String()
}

const preface = `# Configuration reference

<!-- Made from internal/config/schema; run "go test ./internal/config/schema -update" after a change there. -->

A configuration is written as Junos writes it: statements in braces that end in
semicolons, or ` + "`set`" + ` lines, or both. Comments are ` + "`/* ... */` and `# ...`" + `. A statement
marked ` + "`inactive:`" + ` (or named by a ` + "`deactivate`" + ` line) is kept and has no effect.
` + "`holdfast check-config FILE`" + ` says what is wrong with a file, line by line. Secrets may
be written plain or in the ` + "`$9$`" + ` form.

Each section shows the outline of its statements, then what each of them means.
Statements that Junos has and that are listed as not supported are refused:
nothing is read and then ignored. A default in the table is what an absent
statement means. PPP attributes and ppp-options stand at several places: what a
dynamic profile says comes first, then the client, then its user-group-profile,
and the default is for what none of them says.
`

// outline prints the statements as they are written, with placeholders.
func outline(b *strings.Builder, n *Node, before string, depth int) {
	indent := strings.Repeat("    ", depth)
	head := before + strings.TrimSpace(n.Name+" "+n.argument())
	switch {
	case !n.Braced():
		fmt.Fprintf(b, "%s%s;\n", indent, head)
	case n.Inline:
		for _, c := range n.Children {
			outline(b, c, head+" ", depth)
		}
	case len(n.Children) == 0:
		fmt.Fprintf(b, "%s%s;\n", indent, head)
	default:
		fmt.Fprintf(b, "%s%s {\n", indent, head)
		for _, c := range n.Children {
			outline(b, c, "", depth+1)
		}
		fmt.Fprintf(b, "%s}\n", indent)
	}
}

// argument is what follows the name: a key or a value.
func (n *Node) argument() string {
	p := n.Type.Placeholder()
	if strings.HasPrefix(p, "$") {
		p = `"` + p + `"`
	}
	switch n.Kind {
	case List, Leaf:
		return p
	case LeafList:
		return "[ " + p + " ... ]"
	}
	return ""
}

// row is the statement's line in the table.
func row(b *strings.Builder, path []string, n *Node) {
	if n.Inline {
		return
	}
	var value string
	if n.Kind != Container && n.Kind != Flag {
		value = n.Type.String()
	}
	def := n.Default
	if n.Mandatory {
		def = "mandatory"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s%s%s |\n", strings.Join(path, " "), value, def, n.Help, choices(n.Type), ruleText(n.Rules))
}

// choices explains the words that a value may be.
func choices(t Type) string {
	var out []string
	for _, w := range t.Words {
		if w.Help != "" && !w.Unsupported {
			out = append(out, fmt.Sprintf("`%s`: %s", w.Name, w.Help))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, "; ") + "."
}

// ruleText says what must hold between statements.
func ruleText(rules []Rule) string {
	var out string
	for _, r := range rules {
		names := "`" + strings.Join(r.Names, "`, `") + "`"
		switch r.Kind {
		case ExactlyOne:
			out += " Exactly one of " + names + "."
		case AtMostOne:
			out += " At most one of " + names + "."
		case AtLeastOne:
			out += " At least one of " + names + "."
		case Ordered:
			out += fmt.Sprintf(" `%s` is not greater than `%s`.", r.Names[0], r.Names[1])
		case Together:
			out += " " + names + " together or not at all."
		case Unique:
			out += " No two have the same `" + strings.Join(r.Names, " ") + "`."
		}
	}
	return out
}

// refusals lists the Junos statements that are not supported.
func refusals(b *strings.Builder, top *Node) {
	b.WriteString("\nNot supported:\n\n")
	list := func(path string, n *Node) {
		if len(n.Unsupported) == 0 {
			return
		}
		var names []string
		for _, a := range n.Unsupported {
			name := "`" + a.Name + "`"
			if a.Hint != "" {
				name += " (" + a.Hint + ")"
			}
			names = append(names, name)
		}
		fmt.Fprintf(b, "- `%s`: %s\n", path, strings.Join(names, ", "))
	}
	list(top.Name, top)
	top.Walk(func(path []string, n *Node) { list(top.Name+" "+strings.Join(path, " "), n) })
}
