// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"

	"layeh.com/radius"
	"layeh.com/radius/rfc2868"

	"holdfast/internal/policy"
)

// tagMax is the greatest tag: "Valid values for this field are 0x01 through 0x1F,
// inclusive." RFC 2868 §3.1
const tagMax = 0x1f

// tunnel reads one tagged attribute into the tunnel of its tag.
func (d *decoder) tunnel(t radius.Type, v []byte) bool {
	switch t {
	case rfc2868.TunnelType_Type, rfc2868.TunnelMediumType_Type, rfc2868.TunnelPreference_Type:
		if len(v) != 4 {
			return false
		}
		to, n := d.tagged(v[0]), binary.BigEndian.Uint32(v)&0xffffff
		switch t {
		case rfc2868.TunnelType_Type:
			to.Type = n
		case rfc2868.TunnelMediumType_Type:
			to.Medium = n
		default:
			to.Preference = n
		}
		return true
	case rfc2868.TunnelPassword_Type:
		return d.tunnelPassword(v)
	}
	if len(v) == 0 {
		return false
	}
	tag := uint8(0)
	// "If the value of the Tag field is greater than 0x1F, it SHOULD be
	// interpreted as the first byte of the following String field." RFC 2868 §3.3
	if v[0] <= tagMax {
		tag, v = v[0], v[1:]
	}
	to, s := d.tagged(tag), string(v)
	switch t {
	case rfc2868.TunnelClientEndpoint_Type:
		to.Client = s
	case rfc2868.TunnelServerEndpoint_Type:
		to.Server = s
	case rfc2868.TunnelPrivateGroupID_Type:
		to.PrivateGroup = s
	case rfc2868.TunnelAssignmentID_Type:
		to.Assignment = s
	case rfc2868.TunnelClientAuthID_Type:
		to.ClientAuth = s
	case rfc2868.TunnelServerAuthID_Type:
		to.ServerAuth = s
	}
	return true
}

// tunnelPassword uncovers Tunnel-Password (RFC 2868 §3.5): tag, salt, and a length
// and text that are hidden.
func (d *decoder) tunnelPassword(v []byte) bool {
	if d.signer == nil {
		d.ignored("Tunnel-Password")
		return true
	}
	if len(v) < 1 {
		return false
	}
	password, _, err := radius.TunnelPassword(v[1:], d.signer.secret, d.request)
	if err != nil {
		return false
	}
	tag := v[0]
	if tag > tagMax {
		tag = 0
	}
	d.tagged(tag).Password = string(password)
	return true
}

// tagged is the tunnel of a tag.
func (d *decoder) tagged(tag uint8) *policy.Tunnel {
	for i := range d.to.Tunnels {
		if d.to.Tunnels[i].Tag == tag {
			return &d.to.Tunnels[i]
		}
	}
	d.to.Tunnels = append(d.to.Tunnels, policy.Tunnel{Tag: tag})
	return &d.to.Tunnels[len(d.to.Tunnels)-1]
}
