// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"holdfast/internal/api"
	"holdfast/internal/config"
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
	d.surfaces.run(func(ctx context.Context) error { return server.Serve(ctx, l) })
	return nil
}
