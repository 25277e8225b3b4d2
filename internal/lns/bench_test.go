// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"testing"
	"time"

	"holdfast/l2tp"
)

// BenchmarkLogIn is ICRQ to both families open and CDN, CHAP, with the LAC and
// the modem on the same CPU: engine-ns/op is the engine's part of it.
func BenchmarkLogIn(b *testing.B) {
	w := newWorld(b, testConfig(), 1)
	w.meter = true
	l := w.lac(0)
	id := l.tunnel()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		m := l.login(id, "user1@example")
		l.ep.CloseCall(w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
		w.run()
		l.ended = l.ended[:0]
		if n++; n%64 == 0 {
			w.advance(3 * time.Second) // session ids rest
		}
	}
	b.ReportMetric(float64(w.spent.Nanoseconds())/float64(n), "engine-ns/op")
}
