// SPDX-License-Identifier: Apache-2.0

package l2tp

import "holdfast/l2tp/wire"

// DefaultTolerated are the vendors whose AVPs are ignored although they are
// unknown and mandatory. RFC 2661 §4.2 leaves the fault with the sender; the
// subscriber behind it is not at fault. All of them say something about the call
// that the LNS can do without:
//
//	9     Cisco        client NAS port, tunnel and access-line details in ICRQ and ICCN
//	311   Microsoft    Windows as a LAC: operating system versions
//	529   Ascend       call and modem details of old dial-in concentrators
//	2352  Redback      circuit and bandwidth profile of the access line
//	2636  Juniper      Junos: NAS port, access-line and service details
//	3561  DSL Forum    types that came after RFC 5515
//	4874  Unisphere    JunosE (ERX): the same
func DefaultTolerated() []VendorAVP {
	return []VendorAVP{
		{Vendor: 9, Type: -1},
		{Vendor: 311, Type: -1},
		{Vendor: 529, Type: -1},
		{Vendor: 2352, Type: -1},
		{Vendor: 2636, Type: -1},
		{Vendor: 3561, Type: -1},
		{Vendor: 4874, Type: -1},
	}
}

// tolerated looks an AVP up in the list of the configuration.
func (e *Endpoint) tolerated(vendor uint16, t wire.AVPType) bool {
	for _, v := range e.cfg.Tolerated {
		if v.Vendor == vendor && (v.Type < 0 || v.Type == int(t)) {
			return true
		}
	}
	return false
}
