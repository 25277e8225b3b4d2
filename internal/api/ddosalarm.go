// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"fmt"

	pb "holdfast/internal/api/holdfastv1"
)

// ddosAlarm is the name of the alarm that an aggregate policer is being violated.
const ddosAlarm = "ddos_protocol_violation"

// ddosAlarms has an alarm for each aggregate policer that is being violated.
func (s *Server) ddosAlarms(ctx context.Context) (list []*pb.Alarm, err error) {
	p := s.backend.Police()
	if p == nil {
		return nil, nil
	}
	shot, err := p.Snapshot(ctx)
	if err != nil {
		return nil, policeError(ctx, err)
	}
	for i := range shot.Types {
		t := &shot.Types[i]
		if !t.Type.IsAggregate() || !t.Violation.State.Is() {
			continue
		}
		list = append(list, &pb.Alarm{
			Name:        ddosAlarm,
			Description: fmt.Sprintf("DDoS protection: %v exceeds its bandwidth of %d pps", t.Type, t.Config.Bandwidth),
			SinceUnix:   t.Violation.Start.Unix(),
		})
	}
	return list, nil
}
