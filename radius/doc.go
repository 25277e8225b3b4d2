// SPDX-License-Identifier: Apache-2.0

// Package radius exchanges RADIUS requests with servers (RFC 2865, 2866, 5080,
// 5176) as pure machines: who is asked, when it is asked again, who is dead, and
// which reply belongs to which request.
package radius
