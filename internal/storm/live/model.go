// SPDX-License-Identifier: Apache-2.0

package live

import (
	tea "charm.land/bubbletea/v2"

	"holdfast/internal/storm"
)

// Run is what is known of a run before it begins.
type Run struct {
	Name     string
	Sessions int // all modems
	Tunnels  int
}

// phase is the text of the phase that begins.
type phase string

// model is the program's state: what was told so far.
type model struct {
	title   string
	width   int
	run     Run
	phase   string
	samples []storm.Sample // of this run
	before  []finished     // runs
}

// finished is what is left on the screen of a run that is over.
type finished struct {
	Run
	samples []storm.Sample
}

// Init starts nothing: everything comes from outside.
func (m model) Init() tea.Cmd { return nil }

// Update takes what was told.
func (m model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch x := message.(type) {
	case tea.WindowSizeMsg:
		m.width = x.Width
	case Run:
		if m.run.Name != "" {
			m.before = append(m.before, finished{m.run, m.samples})
		}
		m.run, m.samples, m.phase = x, nil, ""
	case phase:
		m.phase = string(x)
	case storm.Sample:
		m.samples = append(m.samples, x)
	}
	return m, nil
}

// View draws it.
func (m model) View() tea.View { return tea.NewView(m.picture()) }
