// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"holdfast/internal/config"
	"holdfast/internal/police"
)

// ingressDevices are the network devices at which LACs and RADIUS servers can
// reach us: all but our own for subscribers, in the order of their indexes.
func ingressDevices(r *config.Result) ([]net.Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("network devices of this host: %w", err)
	}
	own := strings.TrimRight(r.Daemon.Device, "0123456789")
	list = slices.DeleteFunc(list, func(i net.Interface) bool {
		number, ours := strings.CutPrefix(i.Name, own)
		return ours && number != "" && strings.Trim(number, "0123456789") == ""
	})
	slices.SortFunc(list, func(a, b net.Interface) int { return cmp.Compare(a.Index, b.Index) })
	return list, nil
}

// assignSlots gives each device its slot: the one that its name has had before, or
// the next. A device that is gone keeps its slot, so that what it has counted can
// be looked at and it finds it again when it comes back.
func assignSlots(known []police.Slot, devices []net.Interface) []police.Slot {
	slots := slices.Clone(known)
	for i := range slots {
		slots[i].Device = 0
	}
	for _, d := range devices {
		at := slices.IndexFunc(slots, func(s police.Slot) bool { return s.Name == d.Name })
		if at < 0 {
			if len(slots) == slotsMax {
				continue
			}
			at = len(slots)
			slots = append(slots, police.Slot{Number: at, Name: d.Name})
		}
		slots[at].Device = uint32(d.Index)
	}
	return slots
}
