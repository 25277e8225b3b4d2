// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/internal/event"
)

// Alarm is a condition of the whole shard that operators want to know of while
// it lasts.
type Alarm uint8

// Alarms.
const (
	AlarmLogInsStalled Alarm = iota // many subscribers in Init, hardly any comes up
	AlarmRADIUSStalled              // subscribers wait for RADIUS, and nothing is asked of it
	alarmCount
)

// AlarmCount is the number of alarms, for arrays of gauges.
const AlarmCount = int(alarmCount)

// alarms says of each alarm its name, what operators read, and the event that
// tells when it is set and when it is cleared.
var alarms = [alarmCount]struct {
	name, help string
	event      event.ID
}{
	AlarmLogInsStalled: {"log_ins_stalled", "L2TP log-ins are stalled", event.LogInsStalled},
	AlarmRADIUSStalled: {"radius_stalled", "RADIUS requests are stalled", event.RADIUSStalled},
}

// String is the alarm's name.
func (a Alarm) String() string { return alarms[a].name }

// Description is what operators read.
func (a Alarm) Description() string { return alarms[a].help }

// AlarmRow is an alarm that is set.
type AlarmRow struct {
	Alarm   Alarm
	Age     time.Duration // since it was set
	Waiting int           // subscribers that wait
}

// The signature of a stalled server is a number of subscribers in Init that is
// high and does not fall while next to nobody comes up. It takes ten seconds to
// tell it from a surge that is being worked off.
const (
	watchInterval = time.Second
	watchSamples  = 11  // ten intervals
	stalledLeast  = 32  // fewer subscribers in Init are no stall
	stalledShare  = 100 // of those in Init one in so many must come up within the samples
	clearSamples  = 3   // in so many samples in a row there was no sign left
)

// watchSample is what is looked at.
type watchSample struct {
	init     int    // subscribers in Init
	ups      uint64 // sessions that have come up
	waiting  int    // queries that wait for a place in RADIUS's window
	requests uint64 // those that got one
}

// watch looks at a sample each interval and keeps the alarms.
type watch struct {
	at      time.Time // when the next sample is taken; zero: nobody waits
	samples [watchSamples]watchSample
	count   int // samples in a row, at most watchSamples
	alarms  [alarmCount]struct {
		since time.Time // when it was set; zero: it is not
		quiet int       // samples without a sign, while it is set
	}
}

// arm begins to take samples.
func (w *watch) arm(now time.Time) {
	if w.at.IsZero() {
		w.at = now.Add(watchInterval)
	}
}

// change is what a sample did to an alarm.
type change uint8

const (
	unchanged change = iota
	set
	cleared
)

func (c change) String() string { return [...]string{"", "SET", "CLEAR"}[c] }

// take looks at one more sample.
func (w *watch) take(now time.Time, s watchSample) (changes [alarmCount]change) {
	copy(w.samples[1:], w.samples[:]) // the newest first
	w.samples[0] = s
	w.count = min(w.count+1, watchSamples)
	signs := [alarmCount]bool{AlarmLogInsStalled: w.logInsStalled(), AlarmRADIUSStalled: w.radiusStalled()}
	busy := s.init > 0 || s.waiting > 0
	for a := range w.alarms {
		changes[a] = w.judge(now, Alarm(a), signs[a])
		busy = busy || !w.alarms[a].since.IsZero()
	}
	w.at = now.Add(watchInterval)
	if !busy {
		w.at, w.count = time.Time{}, 0
	}
	return changes
}

// judge sets an alarm at the first sign and clears it after some samples without.
func (w *watch) judge(now time.Time, a Alarm, sign bool) change {
	m := &w.alarms[a]
	switch {
	case sign && m.since.IsZero():
		m.since, m.quiet = now, 0
		return set
	case sign || m.since.IsZero():
		m.quiet = 0
		return unchanged
	}
	if m.quiet++; m.quiet < clearSamples {
		return unchanged
	}
	m.since = time.Time{}
	return cleared
}

// logInsStalled reports the signature: Init high and not falling, Active flat.
func (w *watch) logInsStalled() bool {
	if w.count < watchSamples {
		return false
	}
	newest, oldest := &w.samples[0], &w.samples[watchSamples-1]
	least, most := newest.init, newest.init
	for i := range w.samples {
		least, most = min(least, w.samples[i].init), max(most, w.samples[i].init)
	}
	falling := 2*newest.init < most
	return least >= stalledLeast && !falling && (newest.ups-oldest.ups)*stalledShare < uint64(least)
}

// radiusStalled reports that queries wait all the time and none is sent.
func (w *watch) radiusStalled() bool {
	if w.count < watchSamples {
		return false
	}
	for i := range w.samples {
		if w.samples[i].waiting == 0 || w.samples[i].requests != w.samples[0].requests {
			return false
		}
	}
	return true
}

// rows are the alarms that are set.
func (w *watch) rows(now time.Time) (list []AlarmRow) {
	waiting := [alarmCount]int{AlarmLogInsStalled: w.samples[0].init, AlarmRADIUSStalled: w.samples[0].waiting}
	for a := range w.alarms {
		if since := w.alarms[a].since; !since.IsZero() {
			list = append(list, AlarmRow{Alarm(a), now.Sub(since), waiting[a]})
		}
	}
	return list
}

// watchLogIns takes the sample that is due, and tells of alarms set and cleared.
func (e *Engine) watchLogIns(fx *Effects) {
	if !due(e.watch.at, e.now) {
		return
	}
	_, _, queued := e.radiusLoad()
	s := watchSample{e.states[StateInit], e.counters.SessionsUp, queued, e.counters.RADIUSRequests}
	for a, c := range e.watch.take(e.now, s) {
		if c != unchanged {
			count := [alarmCount]int{AlarmLogInsStalled: s.init, AlarmRADIUSStalled: s.waiting}[a]
			fx.Log = append(fx.Log, event.Record{ID: alarms[a].event, Shard: e.shard, Name: c.String(), Count: count})
		}
	}
}
