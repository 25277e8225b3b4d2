// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"context"
	"math"
	"net/netip"
	"slices"
	"time"

	"connectrpc.com/connect"

	"holdfast/internal/admission"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
)

// GetAdmission tells which calls are set up, and what they wait for.
func (s *Server) GetAdmission(ctx context.Context, _ *connect.Request[pb.GetAdmissionRequest]) (*connect.Response[pb.Admission], error) {
	rows, err := s.admission(ctx)
	if err != nil {
		return nil, err
	}
	sum, err := s.summary(ctx)
	if err != nil {
		return nil, err
	}
	var waits, setUps admission.Histogram
	m := &pb.Admission{Total: &pb.AdmissionCounts{}, Failed: causes(&sum.Counters.Failed), Alarms: alarms(rows, time.Now())}
	lacs := merged[netip.Addr, admission.LACShare]{key: func(l *admission.LACShare) netip.Addr { return l.Address }, add: addShare}
	for i := range rows {
		one := admissionCounts(&rows[i])
		m.Enabled = m.Enabled || rows[i].Enabled
		m.Shards = append(m.Shards, one)
		addAdmission(m.Total, one)
		waits.Add(&rows[i].Waits)
		setUps.Add(&rows[i].SetUps)
		lacs.take(rows[i].LACs)
	}
	setTimes(m.Total, &waits, &setUps)
	slices.SortFunc(lacs.rows, func(a, b admission.LACShare) int {
		return cmp.Or(cmp.Compare(b.Parked, a.Parked), cmp.Compare(b.Admitted, a.Admitted), a.Address.Compare(b.Address))
	})
	for _, l := range lacs.rows {
		m.Lacs = append(m.Lacs, &pb.LacShare{
			Address: text(l.Address), Parked: count(l.Parked), Admitted: l.Admitted, PatienceMs: milliseconds(l.Patience),
		})
	}
	return connect.NewResponse(m), nil
}

// GetAlarms lists the alarms that are set.
func (s *Server) GetAlarms(ctx context.Context, _ *connect.Request[pb.GetAlarmsRequest]) (*connect.Response[pb.Alarms], error) {
	rows, err := s.admission(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.ddosAlarms(ctx)
	if err != nil {
		return nil, err
	}
	list = append(list, alarms(rows, time.Now())...)
	slices.SortStableFunc(list, func(a, b *pb.Alarm) int { return cmp.Compare(a.SinceUnix, b.SinceUnix) })
	return connect.NewResponse(&pb.Alarms{Alarms: list}), nil
}

// admission asks each shard.
func (s *Server) admission(ctx context.Context) (rows []lns.AdmissionRow, err error) {
	err = s.walk(ctx, lns.ShowAdmission, lns.Filter{}, func(_ int, r *lns.Request) error {
		rows = append(rows, r.Admission...)
		return nil
	})
	return rows, err
}

// alarms lists those of all shards, the oldest first.
func alarms(rows []lns.AdmissionRow, now time.Time) (list []*pb.Alarm) {
	for i := range rows {
		for _, a := range rows[i].Alarms {
			list = append(list, &pb.Alarm{
				Name: a.Alarm.String(), Description: a.Alarm.Description(), Shard: count(rows[i].Shard),
				SinceUnix: since(now, a.Age), Waiting: count(a.Waiting),
			})
		}
	}
	slices.SortStableFunc(list, func(a, b *pb.Alarm) int { return cmp.Compare(a.SinceUnix, b.SinceUnix) })
	return list
}

func admissionCounts(r *lns.AdmissionRow) *pb.AdmissionCounts {
	c := &r.Counters
	m := &pb.AdmissionCounts{
		Shard: count(r.Shard), Slots: count(r.Slots), InSetup: count(r.InSetUp), Parked: count(r.Parked), Gated: r.Gated,
		OldestWaitUs: microseconds(r.OldestWait),
		SetupUs:      microseconds(r.SetUpLatency), SetupLeastUs: microseconds(r.SetUpFloor),
		Offered: c.Offered, Admitted: c.Admitted, Up: c.Up, Failed: c.Failed,
		WithdrawnParked: c.Withdrawn, WithdrawnInSetup: c.WithdrawnLate, LateInSetup: c.LateInSetUp,
		Expired: c.Expired, Superseded: c.Superseded, CrowdedOut: c.Crowded, Unanswered: c.Silent,
		SlotsGrown: c.SlotsGrown, SlotsShrunk: c.SlotsShrunk, Steps: r.DearSteps, StepsWasted: r.StaleSteps,
		RadiusWindow: count(r.RADIUSWindow), RadiusInFlight: count(r.RADIUSInFlight), RadiusQueued: count(r.RADIUSQueued),
	}
	setTimes(m, &r.Waits, &r.SetUps)
	return m
}

// setTimes tells how long recent calls waited and took: of one shard, or of all.
func setTimes(m *pb.AdmissionCounts, waits, setUps *admission.Histogram) {
	m.WaitP50Us, m.WaitP99Us = microseconds(waits.Quantile(0.5)), microseconds(waits.Quantile(0.99))
	m.SetupP50Us, m.SetupP99Us = microseconds(setUps.Quantile(0.5)), microseconds(setUps.Quantile(0.99))
}

// addAdmission adds one shard to the total, but for what setTimes tells. Of the
// other times the longest is kept, and of the least that set-up takes the least.
func addAdmission(sum, one *pb.AdmissionCounts) {
	for _, n := range [...]struct {
		sum *uint32
		one uint32
	}{
		{&sum.Slots, one.Slots}, {&sum.InSetup, one.InSetup}, {&sum.Parked, one.Parked},
		{&sum.RadiusWindow, one.RadiusWindow}, {&sum.RadiusInFlight, one.RadiusInFlight}, {&sum.RadiusQueued, one.RadiusQueued},
	} {
		*n.sum += n.one
	}
	for _, n := range [...]struct {
		sum *uint64
		one uint64
	}{
		{&sum.Offered, one.Offered}, {&sum.Admitted, one.Admitted}, {&sum.Up, one.Up}, {&sum.Failed, one.Failed},
		{&sum.WithdrawnParked, one.WithdrawnParked}, {&sum.WithdrawnInSetup, one.WithdrawnInSetup},
		{&sum.LateInSetup, one.LateInSetup}, {&sum.Expired, one.Expired}, {&sum.Superseded, one.Superseded},
		{&sum.CrowdedOut, one.CrowdedOut}, {&sum.Unanswered, one.Unanswered},
		{&sum.SlotsGrown, one.SlotsGrown}, {&sum.SlotsShrunk, one.SlotsShrunk},
		{&sum.Steps, one.Steps}, {&sum.StepsWasted, one.StepsWasted},
	} {
		*n.sum += n.one
	}
	for _, n := range [...]struct {
		most *uint32
		one  uint32
	}{
		{&sum.OldestWaitUs, one.OldestWaitUs}, {&sum.SetupUs, one.SetupUs},
	} {
		*n.most = max(*n.most, n.one)
	}
	if least := one.SetupLeastUs; least > 0 && (sum.SetupLeastUs == 0 || least < sum.SetupLeastUs) {
		sum.SetupLeastUs = least
	}
	sum.Gated = sum.Gated || one.Gated
}

// addShare adds a LAC's part in another shard; its patience is the least that
// any shard has learned.
func addShare(sum, l *admission.LACShare) {
	sum.Parked += l.Parked
	sum.Admitted += l.Admitted
	sum.Patience = min(sum.Patience, l.Patience)
}

// microseconds is d as the wire has short times; a negative one is none.
func microseconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Microsecond, 0), math.MaxUint32))
}

// milliseconds is the same for longer ones.
func milliseconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Millisecond, 0), math.MaxUint32))
}
