// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"holdfast/internal/forward"
)

// scrapeTimeout is how long shards may take to answer one scrape, and
// scrapesMax how many scrapes are served at once.
const (
	scrapeTimeout = 5 * time.Second
	scrapesMax    = 4
)

// Collector shows a snapshot of the daemon at each scrape.
type Collector struct {
	source Source
	shard  []described[*shard]
	plane  []described[*forward.Totals]
	whole  []described[*snapshot]
	failed *prometheus.Desc
}

// described is a metric with what the library wants to know of it.
type described[T any] struct {
	metric[T]
	desc *prometheus.Desc
}

// NewCollector makes the collector of all declared metrics.
func NewCollector(src Source) *Collector {
	return &Collector{
		source: src,
		shard:  describe(shardMetrics()), plane: describe(planeMetrics()), whole: describe(wholeMetrics()),
		failed: prometheus.NewDesc("holdfast_scrape", "Reported as an error when the shards do not answer.", nil, nil),
	}
}

func describe[T any](list []metric[T]) []described[T] {
	out := make([]described[T], len(list))
	for i, m := range list {
		out[i] = described[T]{m, prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)}
	}
	return out
}

// Describe tells the library all metrics there are.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range c.shard {
		out <- m.desc
	}
	for _, m := range c.plane {
		out <- m.desc
	}
	for _, m := range c.whole {
		out <- m.desc
	}
}

// Collect takes a snapshot and shows it. A shard that does not answer makes the
// scrape fail: half of a sum is worse than none.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	s, err := take(ctx, c.source)
	if err != nil {
		out <- prometheus.NewInvalidMetric(c.failed, fmt.Errorf("metrics: %w", err))
		return
	}
	for i := range s.shards {
		number := strconv.Itoa(i)
		for _, m := range c.shard {
			m.collect(&s.shards[i], out, number)
		}
	}
	for _, m := range c.plane {
		m.collect(&s.plane, out)
	}
	for _, m := range c.whole {
		m.collect(s, out)
	}
}

// collect shows the values of one metric; first are labels that all of them have.
func (m *described[T]) collect(from T, out chan<- prometheus.Metric, first ...string) {
	m.of(from, func(v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(m.desc, m.Kind.value(), v, append(first[:len(first):len(first)], labels...)...)
	})
}

// Handler serves the metrics: those declared here and those of the Go runtime
// and the process.
func Handler(src Source) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(NewCollector(src), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesMax})
}
