// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"holdfast/internal/api/apitest"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/police"
)

// An aggregate that is being violated is an alarm, once for the whole system and
// until it has recovered; the policer of a type is none.
func TestDDoSAlarm(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 2})
	r.Guard = apitest.NewPolice(time.Now().Add(-time.Hour))
	r.Guard.Configure(func(c *police.Config) {
		for _, y := range []police.Type{police.L2TPAggregate, police.LCP} {
			c.Types[y].Bandwidth, c.Types[y].Burst, c.Types[y].RecoverTime = 10, 10, 5*time.Second
			c.Types[y].Configured = police.KnobBandwidth | police.KnobBurst
		}
	})
	alarms := func() []*pb.Alarm {
		res, err := r.GetAlarms(ctx, connect.NewRequest(&pb.GetAlarmsRequest{}))
		if err != nil {
			t.Fatal(err)
		}
		return res.Msg.Alarms
	}
	r.Guard.Run(2*time.Second, apitest.Traffic{Slot: 1, Type: police.ICRQ, Rate: 100}, apitest.Traffic{Slot: 1, Type: police.LCP, Rate: 100})
	if a := alarms(); len(a) != 1 || !strings.Contains(a[0].Description, "L2TP:aggregate exceeds its bandwidth of 10 pps") || a[0].SinceUnix == 0 {
		t.Errorf("alarms %v", a)
	}
	r.Guard.Run(7 * time.Second)
	if a := alarms(); len(a) != 0 {
		t.Errorf("alarms after it has recovered: %v", a)
	}
}
