// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"testing"

	"holdfast/internal/policy"
)

// decoded reads an Access-Accept with these attributes.
func decoded(attributes string) *policy.Attributes {
	to := &policy.Attributes{}
	b := append(make([]byte, headerLen), attributes...)
	(&decoder{to: to}).decode(b)
	return to
}

// "On receiving an Access-Accept including an attribute of known Type for an
// unimplemented service, a RADIUS client MUST treat it as an Access-Reject" RFC 5080 §2.5
func TestServiceThatIsNotThere(t *testing.T) {
	for attributes, want := range map[string]bool{
		"\x06\x06\x00\x00\x00\x02": true,  // Service-Type Framed
		"\x06\x06\x00\x00\x00\x01": false, // Login
		"\x07\x06\x00\x00\x00\x01": true,  // Framed-Protocol PPP
		"\x07\x06\x00\x00\x00\x03": false, // ARAP
	} {
		if got := decoded(attributes).Malformed; (got == "") != want {
			t.Errorf("%x: malformed %q", attributes, got)
		}
	}
}

// "Unknown VSAs SHOULD be ignored by RADIUS clients." RFC 5080 §2.5
func TestUnknownVendorIgnored(t *testing.T) {
	got := decoded("\x1a\x0a\x00\x00\x7f\xff\x01\x04ab\x12\x04hi")
	if got.Malformed != "" || got.ReplyMessage != "hi" || len(got.Ignored) != 1 {
		t.Errorf("%+v", got)
	}
}
