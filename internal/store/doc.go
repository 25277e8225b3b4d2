// SPDX-License-Identifier: Apache-2.0

// Package store keeps what must survive a restart: tables of keys and values in
// one file, written in groups.
//
//	Write ──► queue, bounded ──► Run: gather ──► one transaction, fsync ──► done()
//	Write ──►                      ▲                     │ error
//	                               └──── back-off ◄──────┘
//
// Whoever writes gets a call when its record is on disk, and never waits. While
// one transaction is being synced the next one gathers, so that the number of
// fsyncs depends on the disk and not on the number of records.
//
// # Bounds
//
// A transaction begins Options.Interval after the first write that waits for it,
// or as soon as BatchMax operations or BatchBytes octets wait. The queue holds
// QueueMax operations; a Write that does not fit is refused and has no effect.
//
// # Faults
//
// A transaction that fails (no space, an I/O error) is reported once, counted, and
// tried again with back-off until it succeeds; nothing that was gathered is given
// up, and nothing is called done before it is. A file that another process holds,
// that is not ours, that a later version has written or that is damaged is refused
// by Open with an error that says so. Damage found later stops the writing for
// good and is reported; the process lives on.
//
// # Layout
//
// The file is a bbolt file with one bucket for each table and a bucket "store" of
// our own: "version" of the layout, and "boot", which every Open makes greater by
// one, so that its value names this run of the daemon among all.
//
//	store.go    Open and Close, the boot counter, Scan
//	writer.go   the queue and the goroutine that commits
//	check.go    what is refused at Open
package store
