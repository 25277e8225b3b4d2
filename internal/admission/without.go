// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"strings"
)

// Mechanisms is a set of what this design is made of. Config.Without switches
// some off, to show what each is for; no configuration statement does.
type Mechanisms uint16

// Mechanisms.
const (
	NewestFirst    Mechanisms = 1 << iota // without: the oldest always first
	FairTurns                             // without: one queue for all LACs and tunnels
	Deadlines                             // without: nobody is too late, parked or in set-up
	OneCallALine                          // without: a line that dials again waits twice
	RefusalBudget                         // without: every dismissed call is told so
	LearntPatience                        // without: all callers wait as long as is configured
	SlotLimit                             // without: L is never used up
	FinishFirst                           // without: calls are begun whenever they may; the shard's part
	ShortQueue                            // without: calls are parked that can never be set up in time
)

var mechanismNames = [...]string{
	"newest-first", "fair-turns", "deadlines", "one-call-a-line", "refusal-budget", "learnt-patience", "slot-limit", "finish-first", "short-queue",
}

// MechanismNames are the words of ParseMechanisms.
func MechanismNames() []string { return append([]string(nil), mechanismNames[:]...) }

// ParseMechanisms makes a set of words.
func ParseMechanisms(words []string) (set Mechanisms, err error) {
	for _, word := range words {
		found := false
		for i, name := range mechanismNames {
			if word == name {
				set |= 1 << i
				found = true
			}
		}
		if !found {
			return 0, fmt.Errorf("admission: %q is none of %s", word, strings.Join(mechanismNames[:], ", "))
		}
	}
	return set, nil
}

// Has reports whether all of m are in the set.
func (s Mechanisms) Has(m Mechanisms) bool { return s&m == m }

// without reports whether a mechanism is switched off.
func (c *Controller) without(m Mechanisms) bool { return c.cfg.Without&m != 0 }
