// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"holdfast/internal/storm"
	"holdfast/internal/storm/live"
	"holdfast/internal/storm/report"
	"holdfast/internal/storm/scenario"
)

// stormRun is `holdfast storm run SCENARIO`.
type stormRun struct {
	Scenario string `arg:"" type:"existingfile" help:"What happens, line by line; flags of the command line go before its settings."`
}

// Run plays the file: its settings are flags of this same command.
func (c *stormRun) Run(ctx context.Context, typed *kong.Context) error {
	text, err := os.ReadFile(c.Scenario)
	if err != nil {
		return err
	}
	s, err := scenario.Parse(c.Scenario, string(text))
	if err != nil {
		return err
	}
	line, err := withSettings(s, typed)
	if err != nil {
		return err
	}
	f := &line.Storm.stormFlags
	if f.Name == "" {
		f.Name = strings.TrimSuffix(filepath.Base(c.Scenario), filepath.Ext(c.Scenario))
	}
	return f.play(ctx, line.Storm.Dial.LNS, s.Phases)
}

// withSettings is the command line that the settings of a scenario, and what was
// typed, amount to. What was typed counts.
func withSettings(s *scenario.Scenario, typed *kong.Context) (*commandLine, error) {
	var line commandLine
	parser, err := kong.New(&line, kong.Name("holdfast"))
	if err != nil {
		return nil, err
	}
	flags := stormFlagsOf(parser.Model)
	given := map[string]bool{}
	args := []string{"storm"}
	for _, p := range typed.Path {
		if p.Flag != nil && flags[p.Flag.Name] != nil && !given[p.Flag.Name] {
			given[p.Flag.Name] = true
			args = append(args, flagWords(p.Flag, typedValues(typed, p.Flag))...)
		}
	}
	var lns []string
	for _, set := range s.Settings {
		f := flags[set.Name]
		switch {
		case set.Name == "lns":
			lns = append(lns, set.Values...)
		case f == nil:
			return nil, fmt.Errorf("%s:%d: %q is neither a phase nor a setting", s.Name, set.Line, set.Name)
		case !given[set.Name]:
			words := flagWords(f, set.Values)
			var alone commandLine
			try, err := kong.New(&alone)
			if err != nil {
				return nil, err
			}
			if _, err := try.Parse(append(append([]string{"storm"}, words...), "192.0.2.1")); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", s.Name, set.Line, err)
			}
			args = append(args, words...)
		}
	}
	if len(lns) == 0 {
		return nil, fmt.Errorf("%s: no lns", s.Name)
	}
	_, err = parser.Parse(append(args, lns...))
	return &line, err
}

// stormFlagsOf are the flags of the emulator by name.
func stormFlagsOf(m *kong.Application) map[string]*kong.Flag {
	flags := map[string]*kong.Flag{}
	for _, command := range m.Children {
		if command.Name == "storm" {
			for _, f := range command.Flags {
				flags[f.Name] = f
			}
		}
	}
	return flags
}

// flagWords is a flag with its values as it is typed.
func flagWords(f *kong.Flag, values []string) (words []string) {
	switch {
	case f.IsBool() && len(values) == 0:
		return []string{"--" + f.Name}
	case f.IsSlice():
		for _, v := range values {
			words = append(words, "--"+f.Name+"="+v)
		}
		return words
	}
	return []string{"--" + f.Name + "=" + strings.Join(values, " ")}
}

// typedValues is what was typed for a flag, as text.
func typedValues(typed *kong.Context, f *kong.Flag) []string {
	switch v := typed.FlagValue(f).(type) {
	case []string:
		return v
	case bool:
		if v && f.IsBool() {
			return nil
		}
		return []string{fmt.Sprint(v)}
	default:
		return []string{fmt.Sprint(v)}
	}
}

// playPhases plays what --phase says.
func (c *stormFlags) playPhases(ctx context.Context, lns []string) error {
	var phases []scenario.Phase
	for _, text := range c.Phase {
		p, err := scenario.ParsePhase(text)
		if err != nil {
			return fmt.Errorf("--phase %q: %w", text, err)
		}
		phases = append(phases, p)
	}
	if c.Name == "" {
		c.Name = "storm"
	}
	return c.play(ctx, lns, phases)
}

// play plays phases against an LNS and writes down what happened.
func (c *stormFlags) play(ctx context.Context, lns []string, phases []scenario.Phase) error {
	if err := scenario.Check(phases); err != nil {
		return err
	}
	o, err := c.options(lns)
	if err != nil {
		return err
	}
	out := os.Stdout
	if c.JSON {
		out = os.Stderr
	}
	screen := live.Open(ctx, out, "holdfast storm "+strings.Join(lns, " "), c.Plain)
	var observer scenario.Observer
	if c.API != "" {
		api := scenario.NewAPI(c.API)
		defer api.Close()
		observer = api
	}
	screen.Begin(live.Run{Name: c.Name, Sessions: o.Plan.WithDefaults().Sessions, Tunnels: o.Plan.WithDefaults().Tunnels})
	recording, err := playOn(ctx, o, scenario.Options{
		Name: c.Name, Phases: phases, Observer: observer,
		Sampled: screen.Sample, Entered: func(p *scenario.Phase) { screen.Enter(p.Text) },
	})
	screen.Close()
	if recording == nil {
		return err
	}
	return errors.Join(err, c.write(recording))
}

// playOn makes the LACs of a storm and plays a scenario on them.
func playOn(ctx context.Context, o storm.Options, s scenario.Options) (*storm.Recording, error) {
	swarm, err := storm.Open(o)
	if err != nil {
		return nil, err
	}
	defer swarm.Close()
	s.Field = swarm
	return scenario.Run(ctx, s)
}

// write writes the recording in the forms that were asked for.
func (c *stormFlags) write(r *storm.Recording) error {
	var errs []error
	if c.CSV != "" {
		errs = append(errs, writeFile(c.CSV, r.WriteCSV))
	}
	if c.HTML != "" {
		page := report.Page{Title: "holdfast storm: " + r.Name, Runs: []*storm.Recording{r}}
		errs = append(errs, writeFile(c.HTML, page.Write))
	}
	if c.JSON {
		errs = append(errs, writeJSON(os.Stdout, r))
	} else {
		errs = append(errs, report.WriteTable(os.Stdout, []*storm.Recording{r}))
	}
	return errors.Join(errs...)
}

// writeFile makes a file of what write writes.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
