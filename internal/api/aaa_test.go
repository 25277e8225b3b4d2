// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/prototext"

	"holdfast/internal/aaa"
	"holdfast/internal/api/apitest"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
	"holdfast/radius"
)

// fill gives every number in v another value, from n on.
func fill(v reflect.Value, n *uint64) {
	switch v.Kind() {
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			*n++
			v.Set(reflect.ValueOf(time.Unix(int64(*n), 0)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Uint64, reflect.Uint32, reflect.Uint16:
		*n++
		v.SetUint(*n)
	case reflect.Int:
		*n++
		v.SetInt(int64(*n))
	case reflect.Int64:
		*n++
		v.SetInt(int64(*n) * int64(time.Minute)) // a duration
	}
}

// Each state and counter of a server is shown.
func TestServersAreShownWhole(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	n := uint64(1000)
	s := radius.ServerStatus{Server: r.Settings.Groups[0].AAA.Radius.Servers[0]}
	fill(reflect.ValueOf(&s.Authentication).Elem(), &n)
	fill(reflect.ValueOf(&s.Accounting).Elem(), &n)
	s.Authentication.State, s.Accounting.State = radius.Alive, radius.Dead
	r.Exchange.State.Servers = []radius.ServerStatus{s}
	res, err := r.ListRadiusServers(ctx, connect.NewRequest(&pb.ListRadiusServersRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	one := res.Msg.Servers[0]
	wantAllFields(t, one, "tls")
	for _, s := range []*pb.RadiusService{one.Authentication, one.Accounting} {
		wantAllFields(t, s)
	}
	if one.Authentication.Status != "UP" || one.Accounting.Status != "DOWN" || one.Authentication.Port != 1812 || one.Accounting.Port != 1813 {
		t.Errorf("server %v", one)
	}
}

// Each counter of accounting is in the statistics, or in a sum there.
func TestAccountingIsShownWhole(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	c, n := &r.Books.Counters, uint64(1000)
	fill(reflect.ValueOf(c).Elem(), &n)
	res, err := r.GetAccounting(ctx, connect.NewRequest(&pb.GetAccountingRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	list, err := r.GetPendingStops(ctx, connect.NewRequest(&pb.GetPendingStopsRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	shown := prototext.Format(res.Msg) + prototext.Format(list.Msg)
	for _, v := range []reflect.Value{reflect.ValueOf(*c), reflect.ValueOf(c.Requests), reflect.ValueOf(c.Responses)} {
		for i := range v.NumField() {
			f := v.Field(i)
			want := fmt.Sprint(f.Interface())
			if d, ok := f.Interface().(time.Duration); ok {
				want = fmt.Sprint(int(d / time.Minute))
			}
			if f.Kind() != reflect.Struct && !strings.Contains(shown, want) {
				t.Errorf("%s is not shown", v.Type().Field(i).Name)
			}
		}
	}
	if want := c.TimedOut + c.InterimsDropped + c.DroppedStarts + c.DroppedStops + c.Malformed; res.Msg.Failures != want {
		t.Errorf("%d failures, want %d", res.Msg.Failures, want)
	}
}

// What waits is shown record by record, by pages, and without what could drive a terminal.
func TestPendingRecords(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	at := time.Unix(1_900_000_000, 0)
	r.Books.Waiting = nil
	for i := range 600 {
		r.Books.Waiting = append(r.Books.Waiting, aaa.PendingRecord{
			Profile: "p", Duplicate: true, Stop: true, SessionID: uint64(i) + 1, User: "a\x1b", At: at, Terminate: 11,
		})
	}
	stream, err := r.ListPendingRecords(ctx, connect.NewRequest(&pb.ListPendingRecordsRequest{}))
	list := all(t, stream, err, (*pb.PendingRecordPage).GetRecords)
	if len(list) != 600 {
		t.Fatalf("%d records", len(list))
	}
	wantAllFields(t, list[0])
	if p := list[599]; p.SessionId != 600 || p.UserName != `a\x1b` || p.AtUnix != at.Unix() || p.Type != "Stop" || p.TerminateCause != 11 {
		t.Errorf("record %v", p)
	}
}

// Statistics that were cleared are shown from zero and go on from there; those of
// a part that has begun anew are shown as they are.
func TestClearedStatistics(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2})
	accepts := func() uint64 {
		t.Helper()
		res, err := r.GetAuthentication(ctx, connect.NewRequest(&pb.GetAuthenticationRequest{}))
		if err != nil {
			t.Fatal(err)
		}
		return res.Msg.Accepts
	}
	requests := func() uint64 {
		t.Helper()
		res, err := r.ListRadiusServers(ctx, connect.NewRequest(&pb.ListRadiusServersRequest{}))
		if err != nil {
			t.Fatal(err)
		}
		return res.Msg.Servers[1].GetAuthentication().GetRequests()
	}
	r.List[0].Summary.Counters.AuthAccepted, r.List[1].Summary.Counters.AuthAccepted = 70, 30
	for _, which := range []pb.AAAStatistics{pb.AAAStatistics_AAA_STATISTICS_AUTHENTICATION, pb.AAAStatistics_AAA_STATISTICS_RADIUS} {
		if _, err := r.ClearAAAStatistics(ctx, connect.NewRequest(&pb.ClearAAAStatisticsRequest{Statistics: which})); err != nil {
			t.Fatal(err)
		}
	}
	if accepts() != 0 || requests() != 0 {
		t.Errorf("cleared: %d accepts, %d requests", accepts(), requests())
	}
	r.List[1].Summary.Counters.AuthAccepted = 35
	servers := r.Exchange.State.Servers
	servers[1].Authentication.Counters.Requests += 4
	servers[0], servers[1] = servers[1], servers[0] // in whichever order they are
	if accepts() != 5 || requests() != 0 {
		t.Errorf("later: %d accepts, %d requests", accepts(), requests())
	}
	servers[0], servers[1] = servers[1], servers[0]
	if requests() != 4 {
		t.Errorf("later: %d requests, want 4", requests())
	}
	servers[1].Authentication.Counters.Requests = 3 // fewer than when it was cleared: it was removed and came again
	if requests() != 3 {
		t.Errorf("of another server: %d requests, want 3", requests())
	}
	if _, err := r.ClearAAAStatistics(ctx, connect.NewRequest(&pb.ClearAAAStatisticsRequest{})); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("clearing nothing: %v", err)
	}
}

// Subscribers are cleared by name or id, in whichever shard they are, and nobody
// by leaving both out.
func TestClearSubscribers(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2, LACs: 2, TunnelsPerLAC: 1, SessionsPerTunnel: 2})
	clear := func(q *pb.ClearRequest) ([]*pb.Cleared, error) {
		stream, err := r.ClearSubscribers(ctx, connect.NewRequest(q))
		if err != nil {
			return nil, err
		}
		var list []*pb.Cleared
		for stream.Receive() {
			list = append(list, stream.Msg().Cleared...)
		}
		return list, stream.Err()
	}
	for _, s := range []*pb.Selector{{Id: 1002}, {UserName: "user1@example"}} {
		list, err := clear(&pb.ClearRequest{Selector: s})
		if err != nil || len(list) != 1 || s.Id != 0 && list[0].Subscriber != s.Id {
			t.Errorf("%v: %v, %v", s, list, err)
		}
	}
	if left := len(r.List[0].Sessions) + len(r.List[1].Sessions); left != 2 {
		t.Errorf("%d sessions are left, want 2", left)
	}
	if list, err := clear(&pb.ClearRequest{}); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("clearing nobody: %v, %v", list, err)
	}
}

// A test goes through the sources in their order, and never says a password.
func TestAuthenticationTest(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	p := r.Settings.Groups[0].AAA
	server := netip.MustParseAddr("203.0.113.100").String()
	for _, test := range []struct {
		order                  []lns.AuthSource
		user, password         string
		silent                 bool
		result, source, server string
	}{
		{[]lns.AuthSource{lns.AuthRadius, lns.AuthPassword}, "alice", "alice-secret", false, "Grant", "radius", server},
		{[]lns.AuthSource{lns.AuthRadius, lns.AuthPassword}, "local", "local-secret", false, "Deny", "radius", server},
		{[]lns.AuthSource{lns.AuthRadius, lns.AuthPassword}, "local", "local-secret", true, "Grant", "password", ""},
		{[]lns.AuthSource{lns.AuthRadius, lns.AuthPassword}, "local", "wrong", true, "Deny", "password", ""},
		{[]lns.AuthSource{lns.AuthPassword, lns.AuthRadius}, "local", "wrong", false, "Deny", "password", ""},
		{[]lns.AuthSource{lns.AuthPassword, lns.AuthRadius}, "alice", "alice-secret", false, "Grant", "radius", server},
		{[]lns.AuthSource{lns.AuthRadius}, "alice", "alice-secret", true, "Timeout", "radius", ""},
		{[]lns.AuthSource{lns.AuthRadius, lns.AuthNone}, "alice", "x", true, "Grant", "none", ""},
		{[]lns.AuthSource{lns.AuthPassword}, "nobody", "x", false, "Deny", "", ""},
	} {
		p.Order, r.Exchange.Silent = test.order, test.silent
		res, err := r.TestAuthentication(ctx, connect.NewRequest(&pb.TestAuthenticationRequest{UserName: test.user, Password: test.password}))
		if err != nil {
			t.Fatal(err)
		}
		m := res.Msg
		if m.Result != test.result || m.Source != test.source || m.Server != test.server || m.Profile != p.Name {
			t.Errorf("%+v: %v", test, m)
		}
		if text := prototext.Format(m); strings.Contains(text, "secret") {
			t.Errorf("%+v: a secret is told: %s", test, text)
		}
	}
	other := *p
	other.Name, other.Order = "other", []lns.AuthSource{lns.AuthRadius}
	p.Domains = map[string]*lns.Domain{"isp": {Name: "isp", AAA: &other, Strip: true}}
	p.Order, r.Exchange.Silent = other.Order, false
	res, err := r.TestAuthentication(ctx, connect.NewRequest(&pb.TestAuthenticationRequest{UserName: "alice@isp", Password: "x"}))
	if err != nil || res.Msg.Profile != "other" || r.Exchange.Asked.User != "alice" || r.Exchange.Asked.UserGiven != "alice@isp" {
		t.Errorf("by realm: %v, %v, %+v", res, err, r.Exchange.Asked)
	}
	res, err = r.TestAuthentication(ctx, connect.NewRequest(&pb.TestAuthenticationRequest{UserName: "alice@isp", Password: "x", Profile: p.Name}))
	if err != nil || res.Msg.Profile != p.Name || r.Exchange.Asked.User != "alice@isp" {
		t.Errorf("by profile: %v, %v, %+v", res, err, r.Exchange.Asked)
	}
	if q := r.Exchange.Asked; q.Profile != p || q.Offer.Name != "alice@isp" || q.Subscriber == nil {
		t.Errorf("asked %+v", q)
	}
}

// Each reason has a code, that of the configuration before the usual one.
func TestTerminateCodes(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	r.Settings.Radius.Terminate[lns.CauseKeepalive] = 4711
	list := func(family string) map[string]*pb.TerminateCode {
		res, err := r.ListTerminateCodes(ctx, connect.NewRequest(&pb.ListTerminateCodesRequest{Family: family}))
		if err != nil {
			t.Fatal(err)
		}
		codes := make(map[string]*pb.TerminateCode)
		for _, c := range res.Msg.Codes {
			if c.Code == 0 {
				t.Errorf("%s has no code", c.Name)
			}
			codes[c.Name] = c
		}
		return codes
	}
	if all := list(""); len(all) != lns.CauseCount-1 || len(list("aaa"))+len(list("l2tp"))+len(list("ppp")) != len(all) {
		t.Errorf("%d reasons", len(all))
	}
	ppp := list("ppp")
	if c := ppp[lns.CauseKeepalive.String()]; c == nil || c.Code != 4711 || !c.Configured {
		t.Errorf("configured: %v", c)
	}
	if c := ppp[lns.CausePeerTerminated.String()]; c == nil || c.Code != 1 || c.Configured {
		t.Errorf("as usual: %v", c)
	}
}
