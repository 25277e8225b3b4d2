// SPDX-License-Identifier: Apache-2.0

package lns

const initialAdvertisements = 3

func (e *Engine) localIfID() uint64 { return 1 }

func (e *Engine) advertise(s *session, fx *Effects) {}

func (e *Engine) discover(s *session, ip []byte, fx *Effects) bool { return false }
