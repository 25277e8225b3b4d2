// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// patience learns how long the callers of a LAC wait before they give up: the
// tenth percentile of the ages at which parked calls were withdrawn. Callers who were
// still there when their time was over count as well: if only those counted who
// leave before, they would drag the estimate down for ever, and ever more callers
// would be refused who would have waited.
type patience struct {
	low     time.Duration // the estimate; 0: nothing seen yet
	samples int
}

// Bounds of what is learned.
const (
	patienceSamples = 32          // before that the configured deadline holds
	patienceLeast   = time.Second // shorter ages are hang-ups, not lost patience
	patienceStep    = 20          // an estimate moves by a twentieth at most
	patienceMargin  = 9           // of ten parts of the estimate are waited for
)

// gaveUp notes that a parked call was withdrawn at that age. The estimate goes
// down nine times as far for an age below it as it goes up for one above: it
// settles where one in ten is below.
func (p *patience) gaveUp(age time.Duration) {
	if age < patienceLeast {
		return
	}
	p.samples++
	step := p.low / patienceStep
	switch {
	case p.low == 0:
		p.low = age
	case age < p.low:
		p.low = max(p.low-step*9/10, age)
	default:
		p.low = min(p.low+step/10, age)
	}
}

// outlived notes that a caller was still there when the time we gave him was over.
func (p *patience) outlived(configured time.Duration) {
	p.low = min(p.low+p.low/patienceStep/10, max(p.low, configured*10/patienceMargin+1))
}

// estimate is when a call of this LAC is of no use any more.
func (p *patience) estimate(configured time.Duration) time.Duration {
	if p.samples < patienceSamples {
		return configured
	}
	return min(max(p.low*patienceMargin/10, patienceLeast), configured)
}
