// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// statisticLine is one counter of a module.
func statisticLine(w io.Writer, name string, n uint64) { fmt.Fprintf(w, "  %s: %d\n", name, n) }

// statisticLines are those that only detail shows.
func statisticLines(c *call, list []*pb.NamedTotal) {
	if c.query.level != detail {
		return
	}
	for _, t := range list {
		statisticLine(c.out, "  "+t.Name, t.Count)
	}
}

// showAuthentication is "show network-access aaa statistics authentication".
func showAuthentication(ctx context.Context, c *call) error {
	res, err := c.client.GetAuthentication(ctx, connect.NewRequest(&pb.GetAuthenticationRequest{}))
	if err != nil {
		return err
	}
	a := res.Msg
	if c.json {
		return showMessage(c, a)
	}
	fmt.Fprintln(c.out, "Authentication module statistics")
	statisticLine(c.out, "Requests received", a.Requests)
	// A second address family is part of the same request here: there are none.
	statisticLine(c.out, "Multistack requests", 0)
	statisticLine(c.out, "Accepts", a.Accepts)
	statisticLine(c.out, "Rejects", a.Rejects)
	statisticLine(c.out, "Challenges", a.Challenges)
	statisticLine(c.out, "Requests timed out", a.Timeouts)
	statisticLines(c, a.Details)
	return nil
}

// showDynamic is "show network-access aaa statistics dynamic-requests".
func showDynamic(ctx context.Context, c *call) error {
	res, err := c.client.GetDynamicRequests(ctx, connect.NewRequest(&pb.GetDynamicRequestsRequest{}))
	if err != nil {
		return err
	}
	d := res.Msg
	if c.json {
		return showMessage(c, d)
	}
	fmt.Fprintln(c.out, "Dynamic-requests module statistics")
	statisticLine(c.out, "Requests received", d.Requests)
	statisticLine(c.out, "Processed successfully", d.Processed)
	statisticLine(c.out, "Errors during processing", d.Errors)
	statisticLine(c.out, "Silently dropped", d.Dropped)
	if c.query.level != detail {
		return nil
	}
	for _, code := range []struct {
		name string
		*pb.DynamicCode
	}{{"CoA", d.Coa}, {"Disconnect", d.Disconnect}} {
		fmt.Fprintf(c.out, "  %s requests: %d\n", code.name, code.GetRequests())
		statisticLine(c.out, "  Acknowledged", code.GetAcks())
		statisticLine(c.out, "  Not acknowledged", code.GetNaks())
		statisticLine(c.out, "  Duplicates", code.GetDuplicates())
		statisticLine(c.out, "  Outside the time window", code.GetStale())
		statisticLine(c.out, "  Too many at once", code.GetFull())
		statisticLine(c.out, "  Forgotten without an answer", code.GetUnanswered())
	}
	fmt.Fprintln(c.out, "  Dropped unseen")
	statisticLines(c, d.Drops)
	if len(d.Causes) > 0 {
		fmt.Fprintln(c.out, "  Not acknowledged, by Error-Cause")
		statisticLines(c, d.Causes)
	}
	return nil
}

// showTerminateCodes is "show network-access aaa statistics terminate-code".
func showTerminateCodes(ctx context.Context, c *call) error {
	res, err := c.client.GetTerminateCodes(ctx, connect.NewRequest(&pb.GetTerminateCodesRequest{}))
	if err != nil {
		return err
	}
	list := func(yield func(*pb.NamedTotal, error) bool) {
		for _, n := range res.Msg.Codes {
			if n.Count > 0 && !yield(n, nil) {
				return
			}
		}
	}
	const columns = "%-55s %10s\n"
	return show(c, "terminateCauses", list, view[pb.NamedTotal]{
		head: fmt.Sprintf(columns, "Terminate reason", "Count"),
		row:  func(w io.Writer, n *pb.NamedTotal) { fmt.Fprintf(w, columns, n.Name, fmt.Sprint(n.Count)) },
	})
}

// families are the args that pick the terminate reasons of one.
func families() (list []arg) {
	for _, f := range []string{"aaa", "l2tp", "ppp"} {
		list = append(list, arg{word: f, help: "Reasons of this family", group: "family", set: func(q *query, _ string) error { q.name = f; return nil }})
	}
	return list
}

// showTerminateMap is "show network-access aaa terminate-code".
func showTerminateMap(ctx context.Context, c *call) error {
	res, err := c.client.ListTerminateCodes(ctx, connect.NewRequest(&pb.ListTerminateCodesRequest{Family: c.query.name}))
	if err != nil {
		return err
	}
	list := func(yield func(*pb.TerminateCode, error) bool) {
		for _, t := range res.Msg.Codes {
			if !yield(t, nil) {
				return
			}
		}
	}
	const columns = "%-55s %10s%s\n"
	return show(c, "terminateCodes", list, view[pb.TerminateCode]{
		head: "* = User configured value\n" + fmt.Sprintf(columns, "Terminate reason", "RADIUS", ""),
		row: func(w io.Writer, t *pb.TerminateCode) {
			mark := ""
			if t.Configured {
				mark = "*"
			}
			fmt.Fprintf(w, columns, t.Name, fmt.Sprint(t.Code), mark)
		},
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
