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

// showPool is "show network-access aaa statistics address-assignment pool".
func showPool(ctx context.Context, c *call) error {
	stream, err := c.client.ListPools(ctx, connect.NewRequest(&pb.ListPoolsRequest{}))
	list := map[string]*pb.Pool{}
	for p, err := range rows(stream, err, (*pb.PoolPage).GetPools) {
		if err != nil {
			return err
		}
		list[p.Name] = p
	}
	p := list[c.query.name]
	if p == nil {
		return fmt.Errorf("no address pool is called %s", c.query.name)
	}
	if c.json {
		return showMessage(c, p)
	}
	fmt.Fprintln(c.out, "Address assignment statistics")
	poolLines(c, p.Name, p.Linked, p.OutOfAddresses, p.Total, p.Used)
	if p.Linked == "" {
		return nil
	}
	// The chain: each pool once, however they are linked.
	sum := &pb.Pool{}
	for seen := map[string]bool{}; p != nil && !seen[p.Name]; p = list[p.Linked] {
		seen[p.Name] = true
		sum.OutOfAddresses += p.OutOfAddresses
		sum.Total += p.Total
		sum.Used += p.Used
	}
	poolLines(c, "(all pools in chain)", "", sum.OutOfAddresses, sum.Total, sum.Used)
	return nil
}

func poolLines(c *call, name, link string, out, total, used uint64) {
	fmt.Fprintf(c.out, "    Pool Name: %s\n", name)
	if link != "" {
		fmt.Fprintf(c.out, "    Link Name: %s\n", link)
	}
	percent := 0.0
	if total > 0 {
		percent = 100 * float64(used) / float64(total)
	}
	fmt.Fprintf(c.out, "    Out of Addresses: %d\n    Address total: %d\n    Addresses in use: %d\n    Address Usage (percent): %.0f\n",
		out, total, used, percent)
}
