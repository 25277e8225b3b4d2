// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/config"
	"holdfast/internal/metrics"
)

const (
	headTimeout  = 5 * time.Second        // for a scraper to say what it wants
	writeTimeout = 30 * time.Second       // for a scrape as a whole
	lastTimeout  = 200 * time.Millisecond // for scrapes under way when the daemon stops
)

// startSurfaces starts the API and the metrics.
func (d *daemon) startSurfaces(r *config.Result) error {
	d.surfaces = newLayer(d.failed)
	d.undo(d.surfaces.stop)
	if err := os.MkdirAll(filepath.Dir(d.opt.Socket), 0o750); err != nil {
		return fmt.Errorf("directory of the API socket: %w", err)
	}
	l, err := api.Listen(d.opt.Socket)
	if err != nil {
		return err
	}
	server := api.New(d)
	d.surfaces.run(part("api", func(ctx context.Context) error { return server.Serve(ctx, l) }))
	if at := r.Daemon.MetricsListen; at.IsValid() {
		return d.startMetrics(at)
	}
	return nil
}

// startMetrics serves /metrics at an address.
func (d *daemon) startMetrics(at netip.AddrPort) error {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler(d))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headTimeout, WriteTimeout: writeTimeout}
	d.surfaces.run(part("metrics", func(ctx context.Context) error {
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		select {
		case err := <-served:
			return fmt.Errorf("metrics: %w", err)
		case <-ctx.Done():
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
		defer cancel()
		if err := server.Shutdown(last); err != nil {
			err = server.Close() // a scraper that takes its time is cut off
			if err != nil {
				return fmt.Errorf("metrics: %w", err)
			}
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("metrics: %w", err)
		}
		return nil
	}))
	return nil
}
