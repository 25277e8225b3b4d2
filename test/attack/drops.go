// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// families are the metrics that tell where packets and calls ended, and the label
// that says why.
func families() map[string]string {
	return map[string]string{
		"holdfast_ddos_dropped_packets_total":    "verdict",
		"holdfast_engine_dropped_total":          "reason",
		"holdfast_l2tp_irregular_total":          "reason",
		"holdfast_tunnels_denied_total":          "reason",
		"holdfast_l2tp_tunnels_total":            "event",
		"holdfast_calls_failed_total":            "cause",
		"holdfast_plane_dropped_total":           "reason",
		"holdfast_plane_spoofed_total":           "",
		"holdfast_shard_queue_dropped_total":     "queue",
		"holdfast_socket_lost_datagrams_total":   "role",
		"holdfast_socket_unsent_datagrams_total": "role",
	}
}

// drops counts packets and calls by where they ended.
type drops map[string]uint64

// scrape asks the LNS's metrics, through connections of dial.
func scrape(dial func(network, address string) (net.Conn, error)) (drops, error) {
	t := &http.Transport{
		DialContext:       func(_ context.Context, network, address string) (net.Conn, error) { return dial(network, address) },
		DisableKeepAlives: true,
	}
	answer, err := (&http.Client{Transport: t}).Get("http://" + metricsAddress + "/metrics")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return parseDrops(answer.Body)
}

// parseDrops reads the families from metrics in the text format of Prometheus.
func parseDrops(r io.Reader) (drops, error) {
	d, known := drops{}, families()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		name, value, _ := strings.Cut(line, " ")
		name, labels, _ := strings.Cut(name, "{")
		label, ok := known[name]
		if !ok {
			continue
		}
		if i := strings.LastIndexByte(line, '}'); i >= 0 {
			labels, value = line[len(name)+1:i], line[i+1:]
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return nil, fmt.Errorf("metrics: %q: %w", line, err)
		}
		if why := cause(name, labels, label); n > 0 && why != "" {
			d[why] += uint64(n)
		}
	}
	return d, lines.Err()
}

// cause names where packets ended: policers by packet type and level. Empty: they
// did not.
func cause(family, labels, label string) string {
	value := func(of string) string {
		_, rest, _ := strings.Cut(labels, of+`="`)
		v, _, _ := strings.Cut(rest, `"`)
		return v
	}
	why := value(label)
	switch family {
	case "holdfast_ddos_dropped_packets_total":
		return fmt.Sprintf("%s of %s %s", why, value("protocol"), value("type"))
	case "holdfast_socket_lost_datagrams_total":
		return why + " receive buffer"
	case "holdfast_socket_unsent_datagrams_total":
		return why + " send buffer"
	case "holdfast_shard_queue_dropped_total":
		return why + " queue"
	case "holdfast_plane_spoofed_total":
		return "spoofed source"
	case "holdfast_l2tp_tunnels_total":
		switch why {
		case "requested", "established", "closed", "address_changed":
			return ""
		}
		return "tunnel: " + why
	case "holdfast_calls_failed_total":
		return "call: " + why
	}
	return why
}

// since is what was counted after base.
func (d drops) since(base drops) drops {
	x := drops{}
	for name, n := range d {
		if n > base[name] {
			x[name] = n - base[name]
		}
	}
	return x
}

// beside is what an attack has added: a cause that the quiet knows too counts when
// it was met three times as often.
func (d drops) beside(quiet drops) drops {
	x := drops{}
	for name, n := range d {
		if n > 3*quiet[name] {
			x[name] = n
		}
	}
	return x
}

// text is the most frequent causes.
func (d drops) text() string {
	const most = 4
	names := slices.Sorted(maps.Keys(d))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(d[b], d[a]) })
	var parts []string
	for _, n := range names[:min(len(names), most)] {
		parts = append(parts, fmt.Sprintf("%s %d", n, d[n]))
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}
