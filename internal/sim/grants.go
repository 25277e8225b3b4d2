// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/policy"
)

// grants is what the RADIUS server has for a subscriber: one in eight gets this,
// another that. A subscriber gets the same each time, and nobody else gets what is
// his own. Names are those of World.plan.
func grants(user string) *policy.Attributes {
	line, lac, _ := strings.Cut(strings.TrimPrefix(user, "line"), "@lac")
	n, err := strconv.Atoi(line)
	k, err2 := strconv.Atoi(lac)
	if err != nil || err2 != nil || n > 2047 || k > 31 {
		return nil
	}
	third, fourth := byte(k<<3|n>>8), byte(n)
	switch n % 8 {
	case 1:
		return &policy.Attributes{Up: policy.Rate{Bits: 10e6}, Down: policy.Rate{Bits: 100e6}}
	case 2: // of the pool
		return &policy.Attributes{Address: netip.AddrFrom4([4]byte{10, 15, third, fourth})}
	case 3: // of no pool
		return &policy.Attributes{Address: netip.AddrFrom4([4]byte{192, 168, third, fourth}), Class: [][]byte{[]byte(user)}}
	case 4:
		route := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, third, fourth}), 32)
		return &policy.Attributes{Routes: []policy.Route{{Prefix: route}}, AnyAddress: true}
	case 5:
		return &policy.Attributes{Interim: time.Minute, HasInterim: true}
	case 6:
		return &policy.Attributes{PortLimit: 1, UserName: "customer of " + user}
	case 7:
		return &policy.Attributes{Filters: []string{"none here"}, MTU: 1400}
	}
	return nil
}
