// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"holdfast/internal/api"
	"holdfast/internal/api/apitest"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/api/holdfastv1/holdfastv1connect"
	"holdfast/internal/lns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a served backend and a client of it.
type rig struct {
	*apitest.Backend
	holdfastv1connect.OperationsClient
	http   *http.Client
	socket string
}

func newRig(t testing.TB, z apitest.Size) *rig {
	t.Helper()
	r := &rig{Backend: apitest.Sample(z, time.Now()), socket: filepath.Join(t.TempDir(), "s")}
	l, err := api.Listen(r.socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- api.New(r.Backend).Serve(ctx, l) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", r.socket)
	}}
	r.http = &http.Client{Transport: transport}
	r.OperationsClient = holdfastv1connect.NewOperationsClient(r.http, "http://holdfast")
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

var ctx = context.Background()

func list(s *pb.Selector) *connect.Request[pb.ListRequest] {
	return connect.NewRequest(&pb.ListRequest{Selector: s})
}

// all reads a listing to its end.
func all[Page, Row any](t testing.TB, stream *connect.ServerStreamForClient[Page], err error, of func(*Page) []*Row) []*Row {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var rows []*Row
	for stream.Receive() {
		rows = append(rows, of(stream.Msg())...)
	}
	if err := errors.Join(stream.Err(), stream.Close()); err != nil {
		t.Fatal(err)
	}
	return rows
}

// A listing shows each row once, tunnel by tunnel, and never asks a shard for more than a page.
func TestListingPagesThroughShards(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 3, LACs: 2, TunnelsPerLAC: 30, SessionsPerTunnel: 20})
	// Elements are given out as calls come, whatever the tunnel.
	for _, s := range r.List {
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(s.Sessions), func(i, j int) { s.Sessions[i], s.Sessions[j] = s.Sessions[j], s.Sessions[i] })
	}
	stream, err := r.ListSessions(ctx, list(nil))
	rows := all(t, stream, err, (*pb.SessionPage).GetSessions)
	seen := map[string]bool{}
	tunnels := map[uint32]bool{}
	for i, s := range rows {
		seen[fmt.Sprint(s.TunnelLocalId, "/", s.LocalId)] = true
		if i == 0 || s.TunnelLocalId != rows[i-1].TunnelLocalId {
			if tunnels[s.TunnelLocalId] {
				t.Errorf("tunnel %d is begun twice", s.TunnelLocalId)
			}
			tunnels[s.TunnelLocalId] = true
		}
	}
	if len(rows) != 1200 || len(seen) != 1200 {
		t.Errorf("%d rows, %d different, want 1200", len(rows), len(seen))
	}
	if r.RowsMax > 256 {
		t.Errorf("a shard was asked for %d rows at once", r.RowsMax)
	}
}

// What goes in comes out, for the fields that only need to be carried.
func TestRowsCarryAllFields(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1, LACs: 1, TunnelsPerLAC: 1, SessionsPerTunnel: 2})
	stream, err := r.ListSubscribers(ctx, connect.NewRequest(&pb.ListRequest{Counters: true}))
	s := all(t, stream, err, (*pb.SubscriberPage).GetSubscribers)[1]
	// The sample sets all fields but these: it is alive, and in shard 0.
	wantAllFields(t, s, "cause", "shard")
	wantAllFields(t, s.Grant)
	if s.LoginUnix > time.Now().Unix()-3590 || s.LoginUnix < time.Now().Unix()-3700 {
		t.Errorf("log-in at %d", s.LoginUnix)
	}
	if s.Data.Rx.Bytes != 1000 || s.Data.Tx.Packets != 20 || s.Data.Spoofed != 1 {
		t.Errorf("data counters %v", s.Data)
	}
}

// wantAllFields reports the fields of m that are not set, but for some.
func wantAllFields(t *testing.T, m proto.Message, but ...string) {
	t.Helper()
	r := m.ProtoReflect()
	for i := range r.Descriptor().Fields().Len() {
		if f := r.Descriptor().Fields().Get(i); !r.Has(f) && !slices.Contains(but, string(f.Name())) {
			t.Errorf("%s: %s is not carried", r.Descriptor().Name(), f.Name())
		}
	}
}

// Data counters are read only when they are asked for: they cost a look into the plane.
func TestCountersOnRequest(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2, LACs: 2, TunnelsPerLAC: 2, SessionsPerTunnel: 3})
	stream, err := r.ListTunnels(ctx, list(nil))
	for _, tun := range all(t, stream, err, (*pb.TunnelPage).GetTunnels) {
		if tun.Data != nil {
			t.Errorf("tunnel %d has data counters unasked", tun.LocalId)
		}
	}
	stream, err = r.ListTunnels(ctx, connect.NewRequest(&pb.ListRequest{Counters: true}))
	for _, tun := range all(t, stream, err, (*pb.TunnelPage).GetTunnels) {
		if tun.Data.GetRx().GetBytes() != 3*1000 {
			t.Errorf("tunnel %d: %v, want the sum of 3 sessions", tun.LocalId, tun.Data)
		}
	}
	dests, err := r.ListDestinations(ctx, connect.NewRequest(&pb.ListRequest{Counters: true}))
	for _, d := range all(t, dests, err, (*pb.DestinationPage).GetDestinations) {
		if d.Data.GetTx().GetBytes() != 2*3*24000 {
			t.Errorf("destination %s: %v, want the sum of 6 sessions", d.LocalName, d.Data)
		}
	}
}

// A LAC has tunnels in every shard and is one destination with one name, which
// neither the filter nor a later LAC changes.
func TestDestinationsAreMergedAndKeepTheirNames(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 4, LACs: 3, TunnelsPerLAC: 9, SessionsPerTunnel: 2})
	names := func(s *pb.Selector) string {
		stream, err := r.ListDestinations(ctx, list(s))
		var b strings.Builder
		for _, d := range all(t, stream, err, (*pb.DestinationPage).GetDestinations) {
			fmt.Fprintf(&b, "%s=%s %d/%d;", d.LocalName, d.PeerGateway, d.Tunnels, d.Sessions)
		}
		return b.String()
	}
	if got, want := names(&pb.Selector{PeerGateway: "192.0.2.12"}), "3=192.0.2.12 9/18;"; got != want {
		t.Errorf("one destination is %q, want %q", got, want)
	}
	for _, s := range r.List { // the first LAC goes
		s.Destinations = deleteLAC(s.Destinations, "192.0.2.10")
	}
	got := names(nil)
	if !strings.HasPrefix(got, "2=192.0.2.11 ") || !strings.Contains(got, ";3=192.0.2.12 ") {
		t.Errorf("after a LAC has gone: %q", got)
	}
}

// A LAC that dials two gateways is one destination with both, and data of both.
func TestDestinationOfTwoGateways(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2, LACs: 1, TunnelsPerLAC: 2, SessionsPerTunnel: 3})
	second := netip.MustParseAddrPort("192.0.2.2:1701")
	one := r.List[1]
	one.Destinations[0].Gateway = second.Addr()
	for i := range one.Sessions {
		one.Sessions[i].Local = second
	}
	get := func(s *pb.Selector) []*pb.Destination {
		stream, err := r.ListDestinations(ctx, connect.NewRequest(&pb.ListRequest{Selector: s, Counters: true}))
		return all(t, stream, err, (*pb.DestinationPage).GetDestinations)
	}
	want := "192.0.2.1 192.0.2.2"
	if d := get(nil); len(d) != 1 || strings.Join(d[0].LocalGateways, " ") != want || d[0].LocalGateway != "192.0.2.1" || d[0].Tunnels != 2 ||
		d[0].Data.GetTx().GetBytes() != 2*3*24000 {
		t.Errorf("the destination is %v, want one with %s and all counters", d, want)
	}
	if d := get(&pb.Selector{LocalGateway: "192.0.2.2"}); len(d) != 1 || d[0].LocalName != "1" || d[0].LocalGateway != "192.0.2.2" || d[0].Tunnels != 1 ||
		d[0].Data.GetTx().GetBytes() != 3*24000 {
		t.Errorf("at one gateway it is %v, want its part under the same name", d)
	}
}

func deleteLAC(rows []lns.DestinationRow, peer string) []lns.DestinationRow {
	var rest []lns.DestinationRow
	for _, d := range rows {
		if d.Peer.String() != peer {
			rest = append(rest, d)
		}
	}
	return rest
}

// Groups, clients and pools are known to every shard and shown once.
func TestConfiguredThingsAreMerged(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 3, LACs: 3, TunnelsPerLAC: 3, SessionsPerTunnel: 3})
	groups, err := r.ListGroups(ctx, list(nil))
	if g := all(t, groups, err, (*pb.GroupPage).GetGroups); len(g) != 1 || g[0].Tunnels != 9 || g[0].Sessions != 27 {
		t.Errorf("groups %v", g)
	}
	clients, err := r.ListClients(ctx, list(nil))
	if c := all(t, clients, err, (*pb.ClientPage).GetClients); len(c) != 1 || c[0].Sessions != 27 || c[0].MaximumSessions != 30000 {
		t.Errorf("clients %v", c)
	}
	for i := range r.List {
		r.List[i].Pools[0].Total = 65534 // every shard knows the size
	}
	pools, err := r.ListPools(ctx, connect.NewRequest(&pb.ListPoolsRequest{Name: "pool-v4"}))
	if p := all(t, pools, err, (*pb.PoolPage).GetPools); len(p) != 1 || p[0].Total != 65534 || p[0].Used != 27 || p[0].OutOfAddresses != 2 {
		t.Errorf("pools %v", p)
	}
}

// A clear says each thing once, closes in bounded steps, and does nothing unless told what.
func TestClear(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2, LACs: 2, TunnelsPerLAC: 4, SessionsPerTunnel: 300})
	for _, q := range []*pb.ClearRequest{{}, {Selector: &pb.Selector{}}, {Selector: &pb.Selector{Id: 7}}, {Selector: &pb.Selector{PeerGateway: "x"}},
		{Selector: &pb.Selector{UserName: "user1@example"}}, {Selector: &pb.Selector{Interface: "si-1/0/0"}, All: true}} {
		stream, err := r.ClearTunnels(ctx, connect.NewRequest(q))
		if err == nil {
			for stream.Receive() {
				t.Errorf("%v closed %v", q, stream.Msg())
			}
			err = stream.Err()
		}
		if connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%v: %v, want an invalid argument", q, err)
		}
	}
	stream, err := r.ClearSessions(ctx, connect.NewRequest(&pb.ClearRequest{All: true}))
	if n := len(all(t, stream, err, (*pb.ClearedPage).GetCleared)); n != 2400 {
		t.Errorf("%d sessions cleared, want 2400", n)
	}
	stream, err = r.ClearDestinations(ctx, connect.NewRequest(&pb.ClearRequest{Selector: &pb.Selector{PeerGateway: "192.0.2.11"}}))
	if c := all(t, stream, err, (*pb.ClearedPage).GetCleared); len(c) != 1 || c[0].Destination != "2" {
		t.Errorf("cleared %v", c)
	}
	tunnels, err := r.ListTunnels(ctx, list(nil))
	if n := len(all(t, tunnels, err, (*pb.TunnelPage).GetTunnels)); n != 4 {
		t.Errorf("%d tunnels are left, want 4", n)
	}
}

// Counting with a selector walks the rows; without one it asks for what the
// shards have counted. Both say the same.
func TestCountSubscribers(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2, LACs: 2, TunnelsPerLAC: 5, SessionsPerTunnel: 60})
	r.List[0].Subscribers[0].State = lns.StateInit
	r.List[0].Summary.States[lns.StateInit]++
	r.List[0].Summary.States[lns.StateActive]--
	whole, err := r.CountSubscribers(ctx, connect.NewRequest(&pb.CountSubscribersRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	walked, err := r.CountSubscribers(ctx, connect.NewRequest(&pb.CountSubscribersRequest{Selector: &pb.Selector{RoutingInstance: "default"}}))
	if err != nil {
		t.Fatal(err)
	}
	if whole.Msg.String() != walked.Msg.String() || whole.Msg.Init != 1 || whole.Msg.Active != 599 || whole.Msg.Total != 600 {
		t.Errorf("counted %v, walked %v", whole.Msg, walked.Msg)
	}
}

// What cannot be right is refused with a reason.
func TestBadSelectors(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	for why, s := range map[string]*pb.Selector{
		"ids are at most":  {LocalTunnelId: 65536},
		"no IP address":    {PeerGateway: "192.0.2"},
		"the states are":   {State: "happy"},
		"local_session_id": {LocalSessionId: 1 << 20},
		`address "x"`:      {Address: "x"},
	} {
		stream, err := r.ListSubscribers(ctx, list(s))
		if err == nil {
			for stream.Receive() {
				t.Errorf("%v has rows", s)
			}
			err = stream.Err()
		}
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), why) {
			t.Errorf("%v: %v, want %q", s, err, why)
		}
	}
}

// Each field of the selector selects something, and none is accepted where the
// engine would not look at it: the listing or the clear would be of everything.
func TestSelectorsAreUnderstoodWhereTheyAreAccepted(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1, LACs: 1, TunnelsPerLAC: 1, SessionsPerTunnel: 1})
	values := map[string]string{"state": "active", "local_gateway": "192.0.2.1", "peer_gateway": "192.0.2.10", "address": "100.64.0.0"}
	accepted := map[string]int{}
	fields := (&pb.Selector{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		s := &pb.Selector{}
		switch v, special := values[string(f.Name())]; {
		case special:
			s.ProtoReflect().Set(f, protoreflect.ValueOfString(v))
		case f.Kind() == protoreflect.StringKind:
			s.ProtoReflect().Set(f, protoreflect.ValueOfString("nosuch"))
		case f.Kind() == protoreflect.Uint64Kind:
			s.ProtoReflect().Set(f, protoreflect.ValueOfUint64(999))
		default:
			s.ProtoReflect().Set(f, protoreflect.ValueOfUint32(999))
		}
		_, special := values[string(f.Name())]
		for what, rows := range map[string]func() (int, error){
			"destinations": func() (int, error) { return drain(r.ListDestinations(ctx, list(s))) },
			"tunnels":      func() (int, error) { return drain(r.ListTunnels(ctx, list(s))) },
			"sessions":     func() (int, error) { return drain(r.ListSessions(ctx, list(s))) },
			"subscribers":  func() (int, error) { return drain(r.ListSubscribers(ctx, list(s))) },
			"groups":       func() (int, error) { return drain(r.ListGroups(ctx, list(s))) },
			"clients":      func() (int, error) { return drain(r.ListClients(ctx, list(s))) },
			"calls":        func() (int, error) { return drain(r.ListCallHistory(ctx, list(s))) },
		} {
			n, err := rows()
			if connect.CodeOf(err) == connect.CodeInvalidArgument {
				continue
			}
			accepted[what]++
			accepted[string(f.Name())]++
			if err != nil || n != 0 && !special {
				t.Errorf("%s by %s: %d pages, %v", what, f.Name(), n, err)
			}
		}
		if accepted[string(f.Name())] == 0 {
			t.Errorf("%s selects nothing", f.Name())
		}
	}
	for what, n := range map[string]int{"destinations": 2, "tunnels": 7, "sessions": 16, "subscribers": 16, "groups": 1, "clients": 1, "calls": 8} {
		if accepted[what] != n {
			t.Errorf("%d fields select %s, want %d", accepted[what], what, n)
		}
	}
}

// drain counts the pages of a listing.
func drain[Page any](stream *connect.ServerStreamForClient[Page], err error) (n int, _ error) {
	if err != nil {
		return 0, err
	}
	for stream.Receive() {
		n++
	}
	return n, errors.Join(stream.Err(), stream.Close())
}

// A shard that fails, or goes round in circles, ends the call with the reason.
func TestShardFaults(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2, LACs: 1, TunnelsPerLAC: 2, SessionsPerTunnel: 1})
	r.List[1].Broken = errors.New("mailbox closed")
	_, err := r.GetSummary(ctx, connect.NewRequest(&pb.GetSummaryRequest{}))
	if connect.CodeOf(err) != connect.CodeUnavailable || !strings.Contains(err.Error(), "shard 1: mailbox closed") {
		t.Errorf("broken shard: %v", err)
	}
	r.List[1].Broken, r.List[1].Stuck = nil, true
	stream, err := r.ListTunnels(ctx, list(nil))
	if err != nil {
		t.Fatal(err)
	}
	for stream.Receive() {
		continue // shard 0 has its say
	}
	if err := stream.Err(); connect.CodeOf(err) != connect.CodeInternal {
		t.Errorf("stuck shard: %v", err)
	}
}

// A reader that goes away ends its listing: the shards are not walked to the end for nobody.
func TestReaderGoesAway(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1, LACs: 1, TunnelsPerLAC: 100, SessionsPerTunnel: 600})
	some, cancel := context.WithCancel(ctx)
	stream, err := r.ListSubscribers(some, list(nil))
	if err != nil || !stream.Receive() {
		t.Fatal(err, stream.Err())
	}
	cancel()
	for stream.Receive() {
		continue // what was under way
	}
	if connect.CodeOf(stream.Err()) != connect.CodeCanceled {
		t.Errorf("the listing ended with %v", stream.Err())
	}
	if n := r.Requests(); n > 200 {
		t.Errorf("%d pages were asked for, of 235", n)
	}
}

// A subscriber whose name is not text is listed like any other: it must not be
// able to hide the rest.
func TestHostileNames(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1, LACs: 1, TunnelsPerLAC: 1, SessionsPerTunnel: 2})
	bad := "\xff\x1b]0;owned\a"
	s, l, tun := &r.List[0].Subscribers[0], &r.List[0].Sessions[0], &r.List[0].Tunnels[0]
	s.User, s.Calling, s.Called, s.CircuitID, s.RemoteID, s.PeerName = bad, bad, bad, bad, bad, bad
	l.User, l.CallingNumber, l.CalledNumber, l.PeerName = bad, bad, bad, bad
	tun.PeerName = bad
	subscribers, err := r.ListSubscribers(ctx, list(nil))
	if rows := all(t, subscribers, err, (*pb.SubscriberPage).GetSubscribers); len(rows) != 2 || rows[0].UserName != `\xff\x1b]0;owned\x07` {
		t.Errorf("subscribers %v", rows)
	}
	sessions, err := r.ListSessions(ctx, list(nil))
	if rows := all(t, sessions, err, (*pb.SessionPage).GetSessions); len(rows) != 2 {
		t.Errorf("sessions %v", rows)
	}
	tunnels, err := r.ListTunnels(ctx, list(nil))
	if rows := all(t, tunnels, err, (*pb.TunnelPage).GetTunnels); len(rows) != 1 {
		t.Errorf("tunnels %v", rows)
	}
}

// The API can be called by hand.
func TestCurl(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1, LACs: 1, TunnelsPerLAC: 1, SessionsPerTunnel: 1})
	res, err := r.http.Post("http://holdfast/holdfast.v1.Operations/GetSummary", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil || !strings.Contains(string(b), `"tunnels":1`) {
		t.Errorf("%v %s", err, b)
	}
}

// The socket is the only guard: owner and group may connect, nobody else.
func TestSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	l, err := api.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("mode %v %v, want 0660", info.Mode(), err)
	}
	if _, err := api.Listen(path); !errors.Is(err, api.ErrInUse) {
		t.Errorf("a second daemon: %v, want ErrInUse", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // as if it had been killed
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, err = api.Listen(path)
	if err != nil {
		t.Fatalf("after a daemon was killed: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := api.Listen(file); err == nil {
		t.Error("a file that is no socket was replaced")
	}
	if _, err := api.Listen(filepath.Join(dir, "none", "s")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// How long an operator waits for a row of a long listing, socket and decoding included.
func BenchmarkListSubscribers(b *testing.B) {
	r := newRig(b, apitest.Size{Shards: 2, LACs: 1, TunnelsPerLAC: 100, SessionsPerTunnel: 100})
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		stream, err := r.ListSubscribers(ctx, list(nil))
		rows += len(all(b, stream, err, (*pb.SubscriberPage).GetSubscribers))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
}
