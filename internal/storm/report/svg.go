// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"html"
	"strings"
)

// The drawing area in units of the SVG; the page scales it to its column.
const (
	width, height                                    = 480.0, 220.0
	marginLeft, marginRight, marginTop, marginBottom = 46.0, 10.0, 12.0, 26.0
	plotWidth                                        = width - marginLeft - marginRight
	plotHeight                                       = height - marginTop - marginBottom
)

// point of a curve, in the units of the axes.
type point struct{ x, y float64 }

// curve is one line, or an area down to base when it has one.
type curve struct {
	name   string
	colour int // of the style sheet, from 1
	dashed bool
	points []point
	base   []point // the lower edge, with the same x; nil: a line
}

// band is a span of time to be marked, such as a cut of the link.
type band struct {
	name     string
	from, to float64
}

// chart is one picture.
type chart struct {
	title  string
	unit   string
	x, y   scale
	curves []curve
	bands  []band
}

// svg draws it.
func (c *chart) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, html.EscapeString(c.describe()))
	for _, m := range c.bands {
		from, to := c.left(m.from), c.left(m.to)
		fmt.Fprintf(&b, `<rect class="band" x="%.1f" y="%g" width="%.1f" height="%g"/>`, from, marginTop, max(to-from, 1), plotHeight)
		fmt.Fprintf(&b, `<text class="note" x="%.1f" y="%g">%s</text>`, from+3, marginTop+10, html.EscapeString(m.name))
	}
	c.axes(&b)
	for i := range c.curves {
		c.draw(&b, &c.curves[i])
	}
	b.WriteString("</svg>")
	return b.String()
}

// left and top are coordinates of a value in the drawing.
func (c *chart) left(x float64) float64 { return marginLeft + plotWidth*c.x.at(x) }
func (c *chart) top(y float64) float64  { return marginTop + plotHeight*(1-c.y.at(y)) }

func (c *chart) axes(b *strings.Builder) {
	for _, v := range c.y.ticks {
		y := c.top(v)
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, marginLeft, width-marginRight, y, y)
		fmt.Fprintf(b, `<text class="tick" text-anchor="end" x="%g" y="%.1f">%s</text>`, marginLeft-4, y+3, short(v))
	}
	for _, v := range c.x.ticks {
		if x := c.left(v); v <= c.x.high {
			fmt.Fprintf(b, `<text class="tick" text-anchor="middle" x="%.1f" y="%g">%s s</text>`, x, height-8, short(v))
		}
	}
}

func (c *chart) draw(b *strings.Builder, k *curve) {
	if len(k.points) == 0 {
		return
	}
	var path strings.Builder
	c.line(&path, k.points, 'M')
	if k.base != nil {
		back := make([]point, len(k.base))
		for i, p := range k.base {
			back[len(back)-1-i] = p
		}
		c.line(&path, back, 'L')
		fmt.Fprintf(b, `<path class="a%d" d="%sZ"/>`, k.colour, &path)
		return
	}
	dash := ""
	if k.dashed {
		dash = " dash"
	}
	fmt.Fprintf(b, `<path class="l%d%s" d="%s"/>`, k.colour, dash, &path)
}

// gap is how long nothing may have been measured for a line to go on, seconds.
const gap = 2.5

// line appends points to a path; the first is reached with the letter. A line
// has a break where nothing was measured.
func (c *chart) line(b *strings.Builder, points []point, letter byte) {
	for i, p := range points {
		if i > 0 && p.x-points[i-1].x > gap {
			letter = 'M'
		}
		fmt.Fprintf(b, "%c%.1f %.1f", letter, c.left(p.x), c.top(p.y))
		if letter == 'M' {
			b.WriteString("h0") // a point by itself is seen, too
		}
		letter = 'L'
	}
}

// legend names the curves by their colour.
func (c *chart) legend() string {
	var b strings.Builder
	b.WriteString(`<p class="legend">`)
	for _, k := range c.curves {
		fmt.Fprintf(&b, `<span><i class="k%d"></i>%s</span> `, k.colour, html.EscapeString(k.name))
	}
	b.WriteString("</p>")
	return b.String()
}

// describe is the picture in words, for those who do not see it.
func (c *chart) describe() string {
	parts := []string{c.title + ", " + c.unit}
	for _, k := range c.curves {
		if n := len(k.points); n > 0 {
			most := 0.0
			for _, p := range k.points {
				most = max(most, p.y)
			}
			parts = append(parts, fmt.Sprintf("%s: at most %s, %s at the end", k.name, short(float64(int(most))), short(float64(int(k.points[n-1].y)))))
		}
	}
	return strings.Join(parts, "; ")
}
