// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"errors"
	"fmt"
	"strings"
)

// ErrScenario is wrapped by every error of Parse and Check.
var ErrScenario = errors.New("scenario")

// Setting is a line that is no phase: a flag of the emulator and its values.
type Setting struct {
	Name   string
	Values []string // none: a flag that is there or not
	Line   int
}

// Scenario is what a file says.
type Scenario struct {
	Name     string // of the file
	Settings []Setting
	Phases   []Phase
}

// Parse reads a scenario. Errors name the file and the line.
func Parse(name, text string) (*Scenario, error) {
	s := &Scenario{Name: name}
	known := kinds()
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if _, ok := known[words[0]]; !ok {
			if len(s.Phases) > 0 {
				return nil, fmt.Errorf("%w: %s:%d: %q is no phase, and settings come before the first one", ErrScenario, name, i+1, words[0])
			}
			s.Settings = append(s.Settings, Setting{words[0], words[1:], i + 1})
			continue
		}
		p, err := ParsePhase(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %s:%d: %w", ErrScenario, name, i+1, err)
		}
		p.Line = i + 1
		s.Phases = append(s.Phases, p)
	}
	return s, Check(s.Phases)
}

// Check says what is wrong with the order of phases.
func Check(phases []Phase) error {
	bad := func(p *Phase, format string, args ...any) error {
		return fmt.Errorf("%w: %q: "+format, append([]any{ErrScenario, p.Text}, args...)...)
	}
	measured, ended := false, false
	for i := range phases {
		p := &phases[i]
		switch {
		case ended:
			return bad(p, "nothing can follow drain")
		case p.Name == "overload" && p.Capacity == 0 && !measured:
			return bad(p, "overload needs a capacity, or measure before it")
		}
		measured = measured || p.Name == "measure"
		ended = p.Name == "drain"
	}
	if len(phases) == 0 {
		return fmt.Errorf("%w: no phases", ErrScenario)
	}
	return nil
}
