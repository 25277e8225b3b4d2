// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/police"
	"holdfast/radius"
)

var update = flag.Bool("update", false, "rewrite the page of the manual")

// source is a daemon in memory.
type source struct {
	summaries  []lns.Summary
	admission  []lns.AdmissionRow
	loops      []Loop
	sockets    []Socket
	plane      forward.Totals
	groups     []lns.GroupRow
	pools      []lns.PoolRow
	radius     RADIUS
	broken     error
	accounting Accounting
}

func newSource(shards int) *source {
	return &source{
		summaries: make([]lns.Summary, shards), admission: make([]lns.AdmissionRow, shards), loops: make([]Loop, shards),
		sockets: []Socket{{Gateway: netip.MustParseAddr("192.0.2.1"), Role: "control"}},
		groups:  []lns.GroupRow{{Name: "tg1", Tunnels: 2, Sessions: 20}, {Name: "tg2"}},
		pools:   []lns.PoolRow{{Name: "pool-v4", Total: 1000, Used: 10}},
		radius: RADIUS{Servers: []radius.ServerStatus{
			{Server: &radius.Server{Address: netip.MustParseAddr("192.0.2.7")}}, {Server: &radius.Server{Address: netip.MustParseAddr("192.0.2.7")}},
		}},
	}
}

func (s *source) Shards() int                            { return len(s.summaries) }
func (s *source) Loop(i int) Loop                        { return s.loops[i] }
func (s *source) Sockets() []Socket                      { return s.sockets }
func (s *source) Plane() forward.Totals                  { return s.plane }
func (s *source) Accounted() Accounting                  { return s.accounting }
func (s *source) RADIUS(context.Context) (RADIUS, error) { return s.radius, s.broken }

// Policers have seen three packets, of which they let one in.
func (s *source) Policers() police.Snapshot { return policed() }

func (s *source) Build() Build {
	return Build{Version: "1.2.3", Plane: "tun", Started: time.Unix(1_700_000_000, 0)}
}

func (s *source) Do(_ context.Context, shard int, r *lns.Request) error {
	switch r.Kind {
	case lns.ShowSummary:
		r.Summary, r.Done = s.summaries[shard], true
	case lns.ShowAdmission:
		r.Admission, r.Done = append(r.Admission, s.admission[shard]), true
	case lns.ShowGroups: // a row a page
		r.Groups = append(r.Groups, s.groups[r.Cursor])
		r.Cursor++
		r.Done = int(r.Cursor) == len(s.groups)
	case lns.ShowPools:
		r.Pools, r.Done = append(r.Pools, s.pools...), true
	default:
		return errors.New("unexpected request")
	}
	return s.broken
}

// exposition is what Prometheus would read.
func exposition(t *testing.T, s *source) string {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %v %s", w.Code, err, b)
	}
	var ours []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "holdfast_") {
			ours = append(ours, line)
		}
	}
	return strings.Join(ours, "")
}

// A pedantic registry finds metrics that are not declared, declared twice, or
// have the wrong labels; the linter finds names against the conventions.
func TestMetricsAreWellFormed(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(NewCollector(newSource(2))); err != nil {
		t.Fatal(err)
	}
	problems, err := testutil.GatherAndLint(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// What is declared is shown, and every label of it is a bounded one.
func TestEveryDeclarationIsShown(t *testing.T) {
	text := exposition(t, newSource(1))
	bounded := map[string]bool{
		"shard": true, "state": true, "cause": true, "reason": true, "result": true, "direction": true, "type": true, "event": true,
		"use": true, "queue": true, "group": true, "interface": true, "pool": true, "gateway": true, "role": true, "socket": true,
		"version": true, "plane": true, "server": true, "service": true, "percentile": true, "measure": true, "alarm": true,
		"protocol": true, "location": true, "verdict": true,
	}
	for _, d := range Declarations() {
		if !strings.Contains(text, "\n"+d.Name) && !strings.HasPrefix(text, d.Name) && d.Name != "holdfast_interface_subscribers" {
			t.Errorf("%s is declared and not shown", d.Name)
		}
		for _, l := range d.Labels {
			if !bounded[l] {
				t.Errorf("%s has the label %s, whose values nobody bounds", d.Name, l)
			}
		}
	}
}

// leaves calls visit for each number in v, however deep, with a way to set it.
func leaves(path string, v reflect.Value, visit func(path string, set func(n int))) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			leaves(path+"."+v.Type().Field(i).Name, v.Field(i), visit)
		}
	case reflect.Array:
		for i := range v.Len() {
			leaves(fmt.Sprintf("%s[%d]", path, i), v.Index(i), visit)
		}
	case reflect.Uint64:
		visit(path, func(n int) { v.SetUint(uint64(n)) })
	case reflect.Bool:
		visit(path, func(n int) { v.SetBool(n != 0) })
	case reflect.Int, reflect.Int64:
		visit(path, func(n int) { v.SetInt(int64(n)) })
	}
}

// elsewhere are the numbers of an AdmissionRow that another metric shows.
var elsewhere = map[string]bool{
	"AdmissionRow.Shard": true, "AdmissionRow.DearSteps": true, "AdmissionRow.StaleSteps": true, // a label, and lns.Counters
}

// Whatever is counted can be seen: changing any counter changes the exposition.
func TestEveryCounterHasAMetric(t *testing.T) {
	for _, c := range []struct {
		name string
		of   func(*source) any
	}{
		{"lns.Counters", func(s *source) any { return &s.summaries[0].Counters }},
		{"subscriber states", func(s *source) any { return &s.summaries[0].States }},
		{"AdmissionRow", func(s *source) any { return &s.admission[0] }},
		{"Loop", func(s *source) any { return &s.loops[0] }},
		{"forward.Totals", func(s *source) any { return &s.plane }},
		{"Answers", func(s *source) any { return &s.radius.Answers }},
		{"Exchange", func(s *source) any { return &s.radius.Exchange }},
		{"radius.Counters", func(s *source) any { return &s.radius.Servers[1].Accounting.Counters }},
		{"radius.DynamicCounters", func(s *source) any { return &s.radius.Dynamic }},
	} {
		s := newSource(1)
		before := exposition(t, s)
		n := 0
		leaves(c.name, reflect.ValueOf(c.of(s)).Elem(), func(path string, set func(int)) {
			n++
			set(1_000_000_007)
			if exposition(t, s) == before && !elsewhere[path] {
				t.Errorf("%s has no metric", path)
			}
			set(0)
		})
		if n < 4 {
			t.Errorf("%s: only %d counters were found", c.name, n)
		}
	}
}

// The same for the numbers of a socket, whose other fields are labels.
func TestEverySocketCounterHasAMetric(t *testing.T) {
	s := newSource(1)
	before := exposition(t, s)
	v := reflect.ValueOf(&s.sockets[0]).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() != reflect.Uint64 {
			continue
		}
		v.Field(i).SetUint(77)
		if exposition(t, s) == before {
			t.Errorf("Socket.%s has no metric", v.Type().Field(i).Name)
		}
		v.Field(i).SetUint(0)
	}
}

// Each number of accounting has a metric.
func TestAccountingIsShown(t *testing.T) {
	s := newSource(1)
	before := exposition(t, s)
	var try func(name string, v reflect.Value)
	try = func(name string, v reflect.Value) {
		was := reflect.New(v.Type()).Elem()
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				try(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
			return
		case reflect.Uint64:
			v.SetUint(77)
		case reflect.Int:
			v.SetInt(77)
		case reflect.Bool:
			v.SetBool(true)
		default:
			t.Fatalf("%s is of a kind that this test does not know", name)
		}
		if exposition(t, s) == before {
			t.Errorf("%s has no metric", name)
		}
		v.Set(was)
	}
	try("Accounting", reflect.ValueOf(&s.accounting).Elem())
}

// Shards are shown apart; what belongs to no shard is added up.
func TestShardsAddUp(t *testing.T) {
	s := newSource(2)
	s.summaries[0].States[lns.StateActive], s.summaries[1].States[lns.StateActive] = 3, 4
	s.summaries[0].Interfaces = map[string]int{"si-1/0/0": 3}
	s.summaries[1].Interfaces = map[string]int{"si-1/0/0": 4, "": 9}
	s.summaries[0].Counters.SetUpTime = 1500 * time.Millisecond
	s.summaries[1].Draining = true
	s.radius.Servers[0].Authentication = radius.ServiceStatus{
		State: radius.Dead, Pending: 3, Queued: 4, Window: 5, Ports: 2, Peak: 6, Smoothed: 50 * time.Millisecond,
	}
	s.admission[1].Alarms = []lns.AlarmRow{{Alarm: lns.AlarmRADIUSStalled}}
	for range 99 {
		s.admission[0].Waits.Count(10 * time.Millisecond)
	}
	s.admission[1].Waits.Count(time.Second)
	s.admission[1].SetUps.Count(20 * time.Millisecond)
	text := exposition(t, s)
	for _, line := range []string{
		`holdfast_subscribers{shard="0",state="active"} 3`, `holdfast_subscribers{shard="1",state="active"} 4`,
		`holdfast_interface_subscribers{interface="si-1/0/0"} 7`,
		`holdfast_group_tunnels{group="tg1"} 4`, `holdfast_group_sessions{group="tg1"} 40`, `holdfast_group_sessions{group="tg2"} 0`,
		`holdfast_pool_addresses{pool="pool-v4"} 1000`, `holdfast_pool_used_addresses{pool="pool-v4"} 20`,
		`holdfast_session_setup_seconds_total{shard="0"} 1.5`,
		`holdfast_alarm{alarm="radius_stalled",shard="1"} 1`, `holdfast_alarm{alarm="radius_stalled",shard="0"} 0`,
		`holdfast_alarm{alarm="log_ins_stalled",shard="1"} 0`, `holdfast_admission_wait_seconds{percentile="50"} 0.01024`,
		`holdfast_admission_wait_seconds{percentile="99"} 1.048576`, `holdfast_admission_setup_seconds{percentile="50"} 0.02048`,
		`holdfast_radius_server_alive{server="192.0.2.7",service="authentication"} 0`,
		`holdfast_radius_server_alive{server="192.0.2.7#2",service="authentication"} 1`,
		`holdfast_radius_server_outstanding{server="192.0.2.7",service="authentication",state="in_flight"} 3`,
		`holdfast_radius_server_outstanding{server="192.0.2.7",service="authentication",state="queued"} 4`,
		`holdfast_radius_server_window{server="192.0.2.7",service="authentication"} 5`,
		`holdfast_radius_server_ports{server="192.0.2.7",service="authentication"} 2`,
		`holdfast_radius_server_peak{server="192.0.2.7",service="authentication"} 6`,
		`holdfast_radius_server_round_trip_seconds{server="192.0.2.7",service="authentication"} 0.05`,
		`holdfast_draining 1`, `holdfast_shards 2`, `holdfast_start_time_seconds 1.7e+09`,
		`holdfast_build_info{plane="tun",version="1.2.3"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("not shown: %s", line)
		}
	}
}

// A shard that does not answer makes the scrape fail instead of showing a part.
func TestScrapeFailsWhole(t *testing.T) {
	s := newSource(2)
	s.broken = errors.New("shard is gone")
	w := httptest.NewRecorder()
	Handler(s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "shard is gone") {
		t.Errorf("scrape: %d %s", w.Code, w.Body)
	}
}

// What the manual on overload tells operators to watch is there.
func TestOverloadManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations/overload.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := make(map[string]bool)
	for _, d := range Declarations() {
		declared[d.Name] = true
	}
	names := regexp.MustCompile("`(holdfast_[a-z_]+)`").FindAllSubmatch(text, -1)
	for _, n := range names {
		if !declared[string(n[1])] {
			t.Errorf("%s is not declared", n[1])
		}
	}
	if len(names) < 5 {
		t.Errorf("it names %d metrics", len(names))
	}
	for a := range lns.Alarm(lns.AlarmCount) {
		if !strings.Contains(string(text), "| "+a.String()+" |") {
			t.Errorf("it does not tell about %v", a)
		}
	}
}

// The manual says what is declared.
func TestReference(t *testing.T) {
	const page = "../../docs/reference/metrics.md"
	got := AppendReference(nil)
	if *update {
		if err := os.WriteFile(page, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(page); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not current (%v): go test ./internal/metrics -run TestReference -update", page, err)
	}
}
