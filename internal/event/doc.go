// SPDX-License-Identifier: Apache-2.0

// Package event declares every log line of the daemon: its name, level, fields,
// rate and meaning. There is no free text: who has something to say emits a
// Record with the ID of a declared event, and whoever writes the log asks the
// ID for its Def and the Record for its fields.
//
//	engine ── Record{ID, fields} ──▶ shard ── Def().Name, Level, Record.All() ──▶ log
//
// Files in reading order: event.go (the IDs and the Record), table.go (one row
// an event), field.go (which Record fields an event carries), reference.go (the
// page of the manual made from the table).
//
// The package is plain data. It keeps no state, so the count of what a rate
// limit held back belongs to the writer of the log.
package event
