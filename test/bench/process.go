// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"holdfast/cmd/holdfast/stage"
)

// weight is memory in octets.
type weight struct{ heap, rss float64 }

// weigh asks the LNS for its memory through its metrics.
func weigh(ctx context.Context, s *stage.Stage) (w weight, err error) {
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return s.Dial(network, address)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+metricsListen+"/metrics", nil)
	if err != nil {
		return w, err
	}
	response, err := client.Do(request)
	if err != nil {
		return w, err
	}
	defer response.Body.Close()
	wanted := map[string]*float64{"go_memstats_heap_alloc_bytes": &w.heap, "process_resident_memory_bytes": &w.rss}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if to := wanted[name]; to != nil {
			if *to, err = strconv.ParseFloat(value, 64); err != nil {
				return w, err
			}
			delete(wanted, name)
		}
	}
	if len(wanted) > 0 {
		return w, fmt.Errorf("the metrics of the LNS lack %v", wanted)
	}
	return w, nil
}

// loadAverage is the machine's, of 1, 5 and 15 minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
