// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"holdfast/internal/storm"
)

// recording is a small run with a cut and an overload in it.
func recording(name string, active int) *storm.Recording {
	r := &storm.Recording{
		Name: name, LACs: 3, Tunnels: 60, Sessions: 600, Lost: 2,
		Facts:  []storm.Fact{{Name: "admission", Value: "<" + name + ">"}},
		Phases: []storm.Span{{Name: "ramp", Text: "ramp", To: 2}, {Name: "flap", Text: "flap lacs 2 for 35s", From: 2, To: 37}},
		Outages: []storm.Outage{{Before: 600, Touched: 400, Dropped: 399, Untouched: 200, InitPeak: 7925, ActiveAtEnd: active, BackAfter: -1, Stale: 0.375,
			BehindSchedule: storm.Quantiles{P50: 5, P99: 1500, Max: 2000}}},
		Overload: []storm.Overload{{Times: 10, Capacity: 222, Offered: 2220, Goodput: 215,
			OthersOffered: 100, OthersGoodput: 80, OthersSetup: storm.Quantiles{P99: 9},
			Cheap: 20, Dear: 4500, Stale: -1, Settled: 1.25, Hello: storm.Quantiles{P99: 3}}},
		Attacks:  []storm.AttackResult{{Kind: "hello", Rate: 5, AttackCount: storm.AttackCount{Sent: 100, SentBytes: 2000, Back: 50, BackBytes: 600, Tunnels: 8}}},
		Failed:   map[string]uint64{"no answer": 7, "cleared by CDN": 70},
		Refusals: storm.Refusals{{Refusal: storm.Refusal{Result: 3}, Count: 1}, {Refusal: storm.Refusal{Result: 4, Message: "too busy"}, Count: 69}},
	}
	for i := range 60 {
		s := storm.Sample{At: float64(i + 1), Up: active, InFlight: 10 * i, Offered: 50, Came: 20, SetupP50: 5, SetupP99: 5000, HelloP99: 0.3}
		if i%2 == 0 {
			s.Causes = map[string]uint64{"no answer": uint64(i), "cleared by CDN": 3}
			s.LNS = &storm.LNSView{Init: 10 * i, Active: active, Alarms: []string{"stalled"}}
		}
		r.Samples = append(r.Samples, s)
	}
	return r
}

func page(t *testing.T, p Page) string {
	t.Helper()
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page is well formed, fetches nothing, runs nothing, and has everything in
// it: for every run a picture of each kind, named for those who cannot see it.
func TestPageStandsAlone(t *testing.T) {
	text := page(t, Page{Title: "A & B", Intro: []string{"1 < 2"}, Runs: []*storm.Recording{recording("off", 200), recording("on", 600)}})
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = true, xml.HTMLAutoClose, xml.HTMLEntity
	count := map[string]int{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		count[e.Name.Local]++
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "src", "href", "onload", "style":
				t.Errorf("<%s %s=%q>", e.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	if count["svg"] != 2*(len(rows())-2) || count["script"]+count["link"]+count["img"] > 0 || count["table"] != 4 {
		t.Errorf("%v", count)
	}
	if regexp.MustCompile(`url\(|@import|https?:`).MatchString(text) {
		t.Error("something is to be fetched")
	}
	for _, want := range []string{
		"<title>A &amp; B</title>", "<p>1 &lt; 2</p>", "prefers-color-scheme: dark", "width=device-width", "&lt;off&gt;",
		`<th scope="row">up at the end</th><td>200 of 600</td><td>600 of 600</td>`, `aria-label="Subscribers in Init and Active, subscribers; Active: at most 200`,
		"link cut", "flap lacs 2 for 35s",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}

// Where a policer dropped something, there is its picture for every run, marked;
// and what the LNS said of it is in the page as it was said.
func TestPolicedPage(t *testing.T) {
	r := recording("policed", 200)
	r.Marks = []storm.Span{{Text: "policed", From: 30, To: 60}}
	for i := range r.Samples {
		if v := r.Samples[i].LNS; v != nil {
			v.Control, v.Policed = uint64(i*700), uint64(i*450)
		}
	}
	if c := policed(r); len(c) != 2 || c[0].points[3].y != 700 || c[1].points[3].y != 450 {
		t.Errorf("%+v", c)
	}
	shown := []Shown{{Title: "holdfast show", Text: "Bandwidth: <250>\n  Burst"}}
	text := page(t, Page{Runs: []*storm.Recording{r, recording("on", 600)}, Shown: shown})
	for _, want := range []string{
		"policers dropped, messages a second, logarithmic; came: at most 700", ">policed</text>",
		"<h2>holdfast show</h2>\n<pre>Bandwidth: &lt;250&gt;\n  Burst</pre>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if n := strings.Count(text, "<svg"); n != 2*(len(rows())-1) {
		t.Errorf("%d pictures", n)
	}
}

// Where tunnels were lost, their picture says how many are up and how many that were.
func TestLostTunnelsAreDrawn(t *testing.T) {
	r := recording("lost", 200)
	for i := range r.Samples {
		r.Samples[i].Tunnels, r.Samples[i].TunnelsLost = 60-i/2, uint64(i)
	}
	if c := tunnels(r); len(c) != 2 || c[0].points[59].y != 31 || c[1].points[59].y != 59 {
		t.Errorf("%+v", c)
	}
	text := page(t, Page{Runs: []*storm.Recording{recording("kept", 600), r}})
	if want := "lost so far: at most 59"; !strings.Contains(text, want) || strings.Count(text, "<svg") != 2*(len(rows())-1) {
		t.Errorf("%q is not in the page", want)
	}
}

// Every coordinate is inside its picture, whatever the values are.
func TestCoordinatesAreInside(t *testing.T) {
	odd := recording("odd", 0)
	odd.Samples = append(odd.Samples, storm.Sample{At: 1e6, Up: 1 << 40, SetupP50: 1e12, Came: 1e-9})
	number := regexp.MustCompile(`-?[0-9.]+`)
	for _, runs := range [][]*storm.Recording{{odd}, {{Name: "empty"}}, {recording("one", 5), odd}} {
		list := rows()
		for i := range list {
			for _, c := range list[i].draw(runs) {
				for _, d := range regexp.MustCompile(` d="([^"]*)"`).FindAllStringSubmatch(c.svg(), -1) {
					if strings.Contains(d[1], "NaN") || strings.Contains(d[1], "Inf") {
						t.Fatalf("%s: %s", c.title, d[1])
					}
					for _, n := range number.FindAllString(d[1], -1) {
						if strings.HasPrefix(n, "-") || len(n) > 5 {
							t.Fatalf("%s: %s in %s", c.title, n, d[1])
						}
					}
				}
			}
		}
	}
}

// Runs are drawn on the same scale, so that they can be compared.
func TestScalesAreShared(t *testing.T) {
	list := rows()
	charts := list[0].draw([]*storm.Recording{recording("small", 200), recording("large", 24000)})
	if charts[0].y.high != charts[1].y.high || charts[0].y.high < 24000 || charts[0].x.high != charts[1].x.high {
		t.Errorf("%+v\n%+v", charts[0].y, charts[1].y)
	}
}

// Axes end at a round number that is not below the greatest value.
func TestScales(t *testing.T) {
	for _, c := range []struct {
		s     scale
		high  float64
		ticks int
	}{
		{linear(0, 5), 1, 6}, {linear(24000, 5), 25000, 6}, {linear(7, 5), 8, 5}, {linear(1e-3, 5), 1e-3, 6},
		{decades(0.3, 5000), 10000, 6}, {decades(1, 1), 10, 2},
	} {
		if diff := c.s.high/c.high - 1; diff > 1e-9 || diff < -1e-9 || len(c.s.ticks) != c.ticks {
			t.Errorf("%+v, want high %g, %d ticks", c.s, c.high, c.ticks)
		}
	}
	s := decades(1, 100)
	if s.at(0) != 0 || s.at(10) != 0.5 || s.at(1e9) != 1 {
		t.Errorf("%v %v %v", s.at(0), s.at(10), s.at(1e9))
	}
}

// The table for the terminal has a column a run, and what is not known is a dash.
func TestTable(t *testing.T) {
	quiet := &storm.Recording{Name: "quiet", Tunnels: 1, Sessions: 2}
	var b strings.Builder
	if err := WriteTable(&b, []*storm.Recording{recording("off", 200), quiet}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`admission +<off> +-\n`, `tunnels, sessions +60, 600 +1, 2\n`, `sessions dropped by the cut +399 of 400 +-\n`, `sessions lost elsewhere +0 of 200 +-\n`,
		`Init at most +7925 +-\n`, `all back after the link was +never +-\n`, `behind modems' own schedule +p50 5.0 ms, p99 1.5 s, max 2.0 s +-\n`,
		`work for callers who had left +37.50 % +-\n`, `alarms raised by the LNS +stalled +-\n`,
		`calls failed: cleared by CDN +70 +0\ncalls failed: no answer +7 +0\n`,
		`CDNs: result 4 \(lack of facilities, temporary\), "too busy" +69 +0\nCDNs: result 3 \(administrative reasons\) +1 +0\n`,
		`off +hello +5 +100 +2000 +50 +600 +0.30 +8\n`,
		`off +10 +222 +2220 +215.0 +0.968 +0.956 +0.0 ms +80% +9.0 ms +3.0 ms +0 +- +0 +1.2 s\n`,
	} {
		if !regexp.MustCompile(want).MatchString(b.String()) {
			t.Errorf("%s is not in\n%s", want, &b)
		}
	}
}
