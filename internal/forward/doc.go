// SPDX-License-Identifier: Apache-2.0

// Package forward is the seam between the control plane and whatever forwards
// subscriber packets: plain types and the Plane interface.
//
//	shard 0 --Handle--+                        +-- forward/tun   a TUN device
//	shard 1 --Handle--+--> Plane (one of) -----+-- forward/fake  in memory
//	   ^                     |
//	   +------- Punt --------+   what is not the plane's business
//
// The shard that owns a session installs it, removes it and reads its counters.
// Packets of installed sessions pass without the shard; PPP control, data of
// sessions that are not installed and data that is numbered go to it.
//
// Planes hold sessions to their rates with a Meter a direction (meter.go). The
// packet work that they share is in forward/frame. What every plane must do is
// said by forwardtest.Run, and by nothing else.
package forward
