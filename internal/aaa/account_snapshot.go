// SPDX-License-Identifier: Apache-2.0

package aaa

import "time"

// AccountingCounts is a number for each type of Accounting-Request.
type AccountingCounts struct{ On, Off, Start, Interim, Stop uint64 }

// Sum is that of all types.
func (c *AccountingCounts) Sum() uint64 { return c.On + c.Off + c.Start + c.Interim + c.Stop }

// AccountingStatistics is what accounting has counted, for show network-access aaa
// statistics accounting. A request to the duplication servers counts too.
type AccountingStatistics struct {
	Requests  AccountingCounts // that were to be sent
	Responses AccountingCounts // of these, that a server has acknowledged

	TimedOut           uint64 // interim updates that no server has answered
	InterimsReplaced   uint64 // interim updates that a newer one or the Stop made needless
	InterimsDropped    uint64 // that waited with too many others
	CheckpointsDropped uint64 // of those and of openings, that did not fit in memory while the disk was not written
	Deferred           uint64 // Starts and Stops that did not: they are made of what is on disk at the next boot
	DroppedStarts      uint64 // given up by a bound of accounting-backup-options, with their Stop or by age
	DroppedStops       uint64 //
	Malformed          uint64 // records that could not be made a request of: too long, or unreadable in the spool
	RecoveredStarts    uint64 // made at this boot for sessions that an earlier one has left open
	RecoveredStops     uint64 //

	OpenRecords, CheckpointRecords, DiscardRecords uint64 // of the engines, for the disk only
	Commits                                        uint64 // groups of records that were written
	PendingStops                                   int    // that no server has taken yet
	PendingStarts                                  int
	PendingStopsMax                                int // the bound
	WithholdMax                                    time.Duration
	Unwritten                                      int // changes that are not on disk yet
}

// PendingStops is one row of show network-access aaa statistics
// pending-accounting-stops: what waits for the servers of a profile.
type PendingStops struct {
	Profile       string
	Duplicate     bool // for the duplication servers
	Starts, Stops int
	InFlight      int           // sent, and not answered yet
	Oldest        time.Duration // age of what waits longest; 0: nothing waits
	Dropped       uint64        // Stops given up by a bound
	State         OutletState
}

// OutletState says what the records of a profile wait for.
type OutletState uint8

// States.
const (
	OutletIdle       OutletState = iota // nothing waits
	OutletSending                       // records go out
	OutletRecovering                    // those of earlier boots go first, then Accounting-On
	OutletOn                            // Accounting-On is not acknowledged yet
	OutletGone                          // the profile has no such servers any more
)

var outletStates = [...]string{"idle", "sending", "sending records of earlier boots", "waiting for answer to Accounting-On", "no servers configured"}

// String is the state in words.
func (s OutletState) String() string { return outletStates[s] }

// PendingRecord is one Start or Stop that waits, for the detail of pending-accounting-stops.
type PendingRecord struct {
	Profile   string
	Duplicate bool
	Stop      bool
	SessionID uint64
	User      string
	At        time.Time
	Terminate uint32 // Acct-Terminate-Cause
}
