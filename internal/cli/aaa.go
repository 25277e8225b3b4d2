// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// showAuthentication is "show network-access aaa statistics authentication".
func showAuthentication(ctx context.Context, c *call) error {
	res, err := c.client.GetSummary(ctx, connect.NewRequest(&pb.GetSummaryRequest{}))
	if err != nil {
		return err
	}
	a := res.Msg.GetAuthentication()
	if c.json {
		return showMessage(c, a)
	}
	_, err = fmt.Fprintf(c.out, "Authentication module statistics\n  Requests received: %d\n  Accepts: %d\n  Rejects: %d\n    Unknown users: %d\n",
		a.GetRequests(), a.GetAccepts(), a.GetRejects(), a.GetUnknownUsers())
	return err
}

// showTerminateCodes is "show network-access aaa statistics terminate-code".
func showTerminateCodes(ctx context.Context, c *call) error {
	res, err := c.client.GetSummary(ctx, connect.NewRequest(&pb.GetSummaryRequest{}))
	if err != nil {
		return err
	}
	list := func(yield func(*pb.NamedCount, error) bool) {
		for _, n := range res.Msg.TerminateCauses {
			if !yield(n, nil) {
				return
			}
		}
	}
	const columns = "%-55s %10s\n"
	return show(c, "terminateCauses", list, view[pb.NamedCount]{
		head: fmt.Sprintf(columns, "Terminate reason", "Count"),
		row:  func(w io.Writer, n *pb.NamedCount) { fmt.Fprintf(w, columns, n.Name, fmt.Sprint(n.Count)) },
	})
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
