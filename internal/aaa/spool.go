// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"
	"errors"
	"time"
)

// Spool is where accounting is kept over restarts: ordered tables of keys and
// values, whose changes are gathered and written together.
type Spool interface {
	// Write has changes made, all or none, after those of earlier calls. done is
	// called on another goroutine when they cannot be lost any more. false: there
	// is no room now, and nothing happens.
	Write(ops []SpoolOp, done func()) bool
	// Scan gives the keys of a table that begin with prefix, from the key from on,
	// in order, as long as each returns true. It sees what cannot be lost any more,
	// and nothing else. key and value are valid until each returns.
	Scan(table string, prefix, from []byte, each func(key, value []byte) bool) error
	// Boot is the number of this run among all that have used the spool.
	Boot() uint32
}

// SpoolOp makes Value the value of Key, or removes the key where it is nil.
type SpoolOp struct {
	Table      string
	Key, Value []byte
}

// Tables of the spool.
const (
	tableOpen  = "accounting-open"  // by session id: sessions whose Stop is to come
	tableQueue = "accounting-queue" // by outlet and sequence number: Starts and Stops that no server has taken yet
)

// SpoolTables is what tables a Spool has for accounting.
func SpoolTables() []string { return []string{tableOpen, tableQueue} }

// recordVersion begins each value. A later version of the program may write
// another one, and reads this one.
const recordVersion = 1

// errRecord is what a value that cannot be read leads to: it is counted, and
// removed when it would be sent.
var errRecord = errors.New("aaa: unknown record in the spool")

// Flags of records.
const (
	flagStarted      uint8 = 1 << iota // the session's Start has entered the queue
	flagPrimary                        // goes to the accounting servers
	flagDuplicate                      // goes to the duplication servers
	flagNoStartDelay                   // the Start has no Acct-Delay-Time
	flagNoStopDelay                    // the Stop has none
)

// openRecord is a session whose Stop is to come. It holds the Stop that will be
// sent should the program or the machine fail, ready made, and the Start as long
// as that has not entered the queue.
type openRecord struct {
	profile     string
	flags       uint8
	at          time.Time // of the counters in stop
	start, stop []byte    // attributes
}

func appendOpen(b []byte, r *openRecord) []byte {
	b = append(b, recordVersion, r.flags)
	b = binary.BigEndian.AppendUint64(b, uint64(r.at.UnixNano()))
	for _, field := range [][]byte{[]byte(r.profile), r.start, r.stop} {
		b = binary.AppendUvarint(b, uint64(len(field)))
		b = append(b, field...)
	}
	return b
}

func parseOpen(b []byte) (r openRecord, err error) {
	if len(b) < 10 || b[0] != recordVersion {
		return r, errRecord
	}
	r.flags, r.at = b[1], time.Unix(0, int64(binary.BigEndian.Uint64(b[2:])))
	var profile []byte
	rest := b[10:]
	for _, field := range []*[]byte{&profile, &r.start, &r.stop} {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) {
			return r, errRecord
		}
		*field, rest = rest[used:used+int(n)], rest[used+int(n):]
	}
	r.profile = string(profile)
	return r, nil
}

// Kinds of queued records.
const (
	queuedStart uint8 = iota
	queuedStop
)

// queueRecord is a Start or Stop that no server has taken yet.
type queueRecord struct {
	kind       uint8
	noDelay    bool // without Acct-Delay-Time
	session    uint64
	at         time.Time
	attributes []byte
}

const queueHeader = 2 + 1 + 8 + 8

func appendQueued(b []byte, r *queueRecord) []byte {
	noDelay := byte(0)
	if r.noDelay {
		noDelay = 1
	}
	b = append(b, recordVersion, r.kind, noDelay)
	b = binary.BigEndian.AppendUint64(b, r.session)
	b = binary.BigEndian.AppendUint64(b, uint64(r.at.UnixNano()))
	return append(b, r.attributes...)
}

// parseQueued reads a record; its attributes are borrowed from b.
func parseQueued(b []byte) (r queueRecord, err error) {
	if len(b) < queueHeader || b[0] != recordVersion || b[1] > queuedStop {
		return r, errRecord
	}
	return queueRecord{
		kind: b[1], noDelay: b[2] != 0, session: binary.BigEndian.Uint64(b[3:]),
		at: time.Unix(0, int64(binary.BigEndian.Uint64(b[11:]))), attributes: b[queueHeader:],
	}, nil
}

// Sequence numbers order the queue of an outlet. The boot comes first. Records
// made of what an earlier boot has left come before all others of this one,
// whenever they are made.
const freshBit = 1 << 39

func sequenceBase(boot uint32) uint64 { return uint64(boot) << 40 }

// outletKey names an outlet: the accounting servers of a profile, or those that
// get duplicates.
type outletKey struct {
	profile   string
	duplicate bool
}

// prefix begins the keys of an outlet's records in the queue.
func (k outletKey) prefix() []byte {
	role := byte(0)
	if k.duplicate {
		role = 1
	}
	b := binary.AppendUvarint([]byte{role}, uint64(len(k.profile)))
	return append(b, k.profile...)
}

// queueKey is the key of a record.
func queueKey(prefix []byte, sequence uint64) []byte {
	b := make([]byte, 0, len(prefix)+8)
	return binary.BigEndian.AppendUint64(append(b, prefix...), sequence)
}

// parseQueueKey reads a key.
func parseQueueKey(b []byte) (k outletKey, sequence uint64, ok bool) {
	if len(b) == 0 || b[0] > 1 {
		return k, 0, false
	}
	n, used := binary.Uvarint(b[1:])
	if used <= 0 || n > uint64(len(b)) || len(b) != 1+used+int(n)+8 {
		return k, 0, false
	}
	name := b[1+used : 1+used+int(n)]
	return outletKey{string(name), b[0] == 1}, binary.BigEndian.Uint64(b[len(b)-8:]), true
}

func openKey(session uint64) []byte { return binary.BigEndian.AppendUint64(nil, session) }
