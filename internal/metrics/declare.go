// SPDX-License-Identifier: Apache-2.0

package metrics

import "github.com/prometheus/client_golang/prometheus"

// Kind is what a value does.
type Kind uint8

// Kinds.
const (
	Counter Kind = iota // only grows
	Gauge               // as it is now
)

// String is the kind's name.
func (k Kind) String() string {
	if k == Counter {
		return "counter"
	}
	return "gauge"
}

func (k Kind) value() prometheus.ValueType {
	if k == Counter {
		return prometheus.CounterValue
	}
	return prometheus.GaugeValue
}

// Declaration is one metric.
type Declaration struct {
	Name   string
	Kind   Kind
	Help   string
	Labels []string
}

// emit shows one value under the values of the labels.
type emit func(v float64, labels ...string)

// metric is a declaration with where its values come from.
type metric[T any] struct {
	Declaration
	of func(from T, out emit)
}

// number is what counters and gauges are made of.
type number interface {
	~int | ~int64 | ~uint64
}

// count declares a counter with one value for each shard.
func count[N number](name, help string, of func(*shard) N) metric[*shard] {
	return metric[*shard]{Declaration{name, Counter, help, []string{"shard"}}, func(s *shard, out emit) { out(float64(of(s))) }}
}

// gauge declares a gauge with one value for each shard.
func gauge(name, help string, of func(*shard) float64) metric[*shard] {
	return metric[*shard]{Declaration{name, Gauge, help, []string{"shard"}}, func(s *shard, out emit) { out(of(s)) }}
}

// counts declares a counter with several values for each shard, by a label.
func counts(name, label, help string, of func(*shard, emit)) metric[*shard] {
	return metric[*shard]{Declaration{name, Counter, help, []string{"shard", label}}, of}
}

// gauges is counts for gauges.
func gauges(name, label, help string, of func(*shard, emit)) metric[*shard] {
	return metric[*shard]{Declaration{name, Gauge, help, []string{"shard", label}}, of}
}

// part is one value of a metric with a label.
type part[T any] struct {
	label string
	of    func(T) uint64
}

// parts shows one value a label.
func parts(list ...part[*shard]) func(*shard, emit) {
	return func(s *shard, out emit) {
		for _, p := range list {
			out(float64(p.of(s)), p.label)
		}
	}
}

// Declarations lists all metrics in the order of the manual.
func Declarations() []Declaration {
	var list []Declaration
	for _, m := range shardMetrics() {
		list = append(list, m.Declaration)
	}
	for _, m := range planeMetrics() {
		list = append(list, m.Declaration)
	}
	for _, m := range wholeMetrics() {
		list = append(list, m.Declaration)
	}
	return list
}
