// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"html"
	"io"
	"strings"

	"holdfast/internal/storm"
)

// Page is a report of one run or of several side by side.
type Page struct {
	Title string
	Intro []string // paragraphs, as text
	Runs  []*storm.Recording
	Shown []Shown
}

// Shown is what an LNS answered to a command of an operator.
type Shown struct {
	Title string
	Text  string
}

// Write writes the page as one HTML file that needs nothing else.
func (p *Page) Write(w io.Writer) error {
	var b strings.Builder
	p.head(&b)
	table(&b, "In numbers", heading(p.Runs), body(p.Runs))
	if rows := attacks(p.Runs); len(rows) > 0 {
		table(&b, "Attacks", attackHead, rows)
	}
	if surges := overloads(p.Runs); len(surges) > 0 {
		table(&b, "Overload", overloadHead, surges)
	}
	list := rows()
	for i := range list {
		p.row(&b, &list[i])
	}
	for _, shown := range p.Shown {
		fmt.Fprintf(&b, "<h2>%s</h2>\n<pre>%s</pre>\n", html.EscapeString(shown.Title), html.EscapeString(shown.Text))
	}
	p.phases(&b)
	b.WriteString("</body></html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Page) head(b *strings.Builder) {
	title := html.EscapeString(p.Title)
	fmt.Fprintf(b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"+
		"<title>%s</title><style>%s", title, style)
	for i := 1; i <= colours; i++ {
		fmt.Fprintf(b, ".l%d { stroke: var(--c%d); } .a%d { fill: var(--c%d); fill-opacity: .75; } .k%d { background: var(--c%d); }\n", i, i, i, i, i, i)
	}
	fmt.Fprintf(b, "</style></head><body>\n<h1>%s</h1>\n", title)
	for _, text := range p.Intro {
		fmt.Fprintf(b, "<p>%s</p>\n", html.EscapeString(text))
	}
}

// row is one kind of picture for all runs, where there is something to be seen.
func (p *Page) row(b *strings.Builder, w *row) {
	if w.where != nil && !w.where(p.Runs) {
		return
	}
	fmt.Fprintf(b, "<h2>%s</h2>\n<p class=\"dim\">%s Unit: %s; time since the run began.</p>\n<div class=\"runs\">\n",
		html.EscapeString(w.title), html.EscapeString(w.note), html.EscapeString(w.unit))
	for i, c := range w.draw(p.Runs) {
		fmt.Fprintf(b, "<figure><h3>%s</h3>%s%s</figure>\n", html.EscapeString(p.Runs[i].Name), c.svg(), c.legend())
	}
	b.WriteString("</div>\n")
}

// phases lists what happened when.
func (p *Page) phases(b *strings.Builder) {
	var list [][]string
	for _, r := range p.Runs {
		for _, s := range r.Phases {
			list = append(list, []string{r.Name, s.Text, fmt.Sprintf("%.1f s", s.From), fmt.Sprintf("%.1f s", s.To)})
		}
	}
	table(b, "What happened when", []string{"run", "phase", "from", "to"}, list)
}

func heading(runs []*storm.Recording) []string {
	head := []string{""}
	for _, r := range runs {
		head = append(head, r.Name)
	}
	return head
}

func body(runs []*storm.Recording) (table [][]string) {
	for _, l := range lines(runs) {
		table = append(table, append([]string{l.name}, l.values...))
	}
	return table
}

// table writes a table whose first column names its rows.
func table(b *strings.Builder, caption string, head []string, body [][]string) {
	fmt.Fprintf(b, "<h2>%s</h2>\n<div class=\"scroll\"><table><thead><tr>", html.EscapeString(caption))
	for _, h := range head {
		fmt.Fprintf(b, "<th scope=\"col\">%s</th>", html.EscapeString(h))
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, row := range body {
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(b, "<tr><th scope=\"row\">%s</th>", html.EscapeString(cell))
			} else {
				fmt.Fprintf(b, "<td>%s</td>", html.EscapeString(cell))
			}
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>\n")
}
