// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/api/holdfastv1/holdfastv1connect"
	"holdfast/internal/storm"
)

// API is an Observer of an LNS of ours: it asks what "show subscribers summary",
// "show services l2tp summary", "show services l2tp admission" and "show
// ddos-protection protocols l2tp aggregate" ask.
type API struct {
	transport *http.Transport
	client    holdfastv1connect.OperationsClient
}

// NewAPI makes an observer of the daemon at a Unix socket; it connects when it
// is used. Close ends it.
func NewAPI(socket string) *API {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	return &API{t, holdfastv1connect.NewOperationsClient(&http.Client{Transport: t}, "http://holdfast")}
}

// Observe asks once.
func (a *API) Observe(ctx context.Context) (*storm.LNSView, error) {
	counts, err := a.client.CountSubscribers(ctx, connect.NewRequest(&pb.CountSubscribersRequest{}))
	if err != nil {
		return nil, fmt.Errorf("scenario: ask the LNS: %w", err)
	}
	sum, err := a.client.GetSummary(ctx, connect.NewRequest(&pb.GetSummaryRequest{}))
	if err != nil {
		return nil, fmt.Errorf("scenario: ask the LNS: %w", err)
	}
	adm, err := a.client.GetAdmission(ctx, connect.NewRequest(&pb.GetAdmissionRequest{}))
	if err != nil {
		return nil, fmt.Errorf("scenario: ask the LNS: %w", err)
	}
	ddos, err := a.client.GetDDoSProtection(ctx, connect.NewRequest(&pb.GetDDoSProtectionRequest{
		Types: &pb.PacketTypes{Group: "l2tp", Type: "aggregate"},
	}))
	if err != nil {
		return nil, fmt.Errorf("scenario: ask the LNS: %w", err)
	}
	c, s, m := counts.Msg, sum.Msg, adm.Msg.GetTotal()
	v := &storm.LNSView{
		Init: int(c.Init), Configured: int(c.Configured), Active: int(c.Active), Terminating: int(c.Terminating),
		Tunnels: int(s.Tunnels), Requests: s.GetAuthentication().GetRequests(),
		Parked: int(m.GetParked()), Slots: int(m.GetSlots()), DearSteps: m.GetSteps(), StaleSteps: m.GetStepsWasted(),
	}
	for _, t := range ddos.Msg.GetTypes() {
		v.Control, v.Policed = t.GetSystem().GetReceived(), t.GetSystem().GetDropped()
	}
	for _, a := range adm.Msg.GetAlarms() {
		v.Alarms = append(v.Alarms, a.GetName())
	}
	return v, nil
}

// Close gives its connections back.
func (a *API) Close() { a.transport.CloseIdleConnections() }
