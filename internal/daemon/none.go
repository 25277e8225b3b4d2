// SPDX-License-Identifier: Apache-2.0

package daemon

import "holdfast/internal/forward"

// noPlane is the data plane of "forwarding-plane type none": sessions come up
// and nothing is forwarded. It needs no privileges. Readers of package netio
// take the data sockets, because PPP control comes in data messages.
type noPlane struct{}

func (noPlane) Handle(int) forward.Handle                { return noPlane{} }
func (noPlane) Instance(forward.Instance) error          { return nil }
func (noPlane) Totals() forward.Totals                   { return forward.Totals{} }
func (noPlane) Close() error                             { return nil }
func (noPlane) Install([]forward.Session) error          { return nil }
func (noPlane) Remove([]forward.Key) error               { return nil }
func (noPlane) Read(_ []uint32, into []forward.Counters) { clear(into) }
func (noPlane) Inject(forward.Key, []byte)               {}
