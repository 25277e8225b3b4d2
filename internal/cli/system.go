// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// process asks for the daemon's facts. done says that they have been shown as JSON.
func process(ctx context.Context, c *call) (p *pb.Process, done bool, err error) {
	res, err := c.client.GetProcess(ctx, connect.NewRequest(&pb.GetProcessRequest{}))
	if err != nil {
		return nil, false, err
	}
	if c.json {
		return nil, true, showMessage(c, res.Msg)
	}
	return res.Msg, false, nil
}

// showVersion is "show version".
func showVersion(ctx context.Context, c *call) error {
	p, done, err := process(ctx, c)
	if err != nil || done {
		return err
	}
	_, err = fmt.Fprintf(c.out, "Hostname: %s\nholdfast: %s\nGo: %s\n", p.HostName, p.Version, p.GoVersion)
	return err
}

// showUptime is "show system uptime".
func showUptime(ctx context.Context, c *call) error {
	p, done, err := process(ctx, c)
	if err != nil || done {
		return err
	}
	ago := func(unix int64) string { return clock(uint32(max(p.NowUnix-unix, 0))) }
	_, err = fmt.Fprintf(c.out, "Current time: %s\nDaemon started: %s (%s ago)\nLast configured: %s (%s ago)\n",
		moment(p.NowUnix), moment(p.StartedUnix), ago(p.StartedUnix), moment(p.ConfiguredUnix), ago(p.ConfiguredUnix))
	return err
}

// showProcess is "show system processes".
func showProcess(ctx context.Context, c *call) error {
	p, done, err := process(ctx, c)
	if err != nil || done {
		return err
	}
	_, err = fmt.Fprintf(c.out, "PID: %d\nShards: %d\nData plane: %s\nHeap: %d bytes\nMemory of the runtime: %d bytes\nGoroutines: %d\n",
		p.Pid, p.Shards, p.Plane, p.HeapBytes, p.SystemBytes, p.Goroutines)
	return err
}
