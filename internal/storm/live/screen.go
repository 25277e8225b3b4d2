// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"fmt"
	"os"
	"sync"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"holdfast/internal/storm"
)

// Screen shows one run after another. Its methods may be called from any goroutine.
type Screen struct {
	program *tea.Program // nil: no terminal
	ended   chan struct{}
	mu      sync.Mutex // of lines
	lines   lines
}

// Open begins to show. On a terminal it stays until Close; plain asks for lines
// even there.
func Open(ctx context.Context, out *os.File, title string, plain bool) *Screen {
	s := &Screen{lines: lines{w: out}, ended: make(chan struct{})}
	if plain || !term.IsTerminal(int(out.Fd())) {
		close(s.ended)
		return s
	}
	s.program = tea.NewProgram(model{title: title, width: 80},
		tea.WithContext(ctx), tea.WithOutput(out), tea.WithInput(nil), tea.WithoutSignalHandler())
	go func() {
		defer close(s.ended)
		if _, err := s.program.Run(); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "live:", err) // the run goes on without a picture
		}
	}()
	return s
}

// Begin says that a run begins; the one before has ended.
func (s *Screen) Begin(run Run) {
	if s.program != nil {
		s.program.Send(run)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.begin(run)
}

// Enter says which phase the run is in.
func (s *Screen) Enter(text string) {
	if s.program != nil {
		s.program.Send(phase(text))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.enter(text)
}

// Sample adds a second.
func (s *Screen) Sample(x *storm.Sample) {
	if s.program != nil {
		s.program.Send(*x)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.sample(x)
}

// Close leaves the last picture where it is and gives the terminal back.
func (s *Screen) Close() {
	if s.program != nil {
		s.program.Quit()
	}
	<-s.ended
}
