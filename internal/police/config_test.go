// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"errors"
	"testing"
	"time"

	"holdfast/internal/police"
)

func TestValidate(t *testing.T) {
	good := police.Defaults()
	if err := good.Validate(1); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*police.Config, *police.TypeConfig){
		"violation-report-rate": func(c *police.Config, _ *police.TypeConfig) { c.ViolationReportRate = 0 },
		"flow-report-rate":      func(c *police.Config, _ *police.TypeConfig) { c.FlowReportRate = 50_001 },
		"global mode":           func(c *police.Config, _ *police.TypeConfig) { c.FlowMode = 3 },
		"slot out of range":     func(c *police.Config, _ *police.TypeConfig) { c.Slots = []police.Slot{{Number: 1}} },
		"slot twice":            func(c *police.Config, _ *police.TypeConfig) { c.Slots = []police.Slot{{Number: 0}, {Number: 0}} },
		"bandwidth":             func(_ *police.Config, y *police.TypeConfig) { y.Bandwidth = 100_001 },
		"burst":                 func(_ *police.Config, y *police.TypeConfig) { y.Burst = 100_001 },
		"priority":              func(_ *police.Config, y *police.TypeConfig) { y.Priority = 3 },
		"recover-time":          func(_ *police.Config, y *police.TypeConfig) { y.RecoverTime = 0 },
		"scale": func(_ *police.Config, y *police.TypeConfig) {
			y.Slots = []police.SlotConfig{{BandwidthScale: 101, BurstScale: 1}}
		},
		"flow mode":              func(_ *police.Config, y *police.TypeConfig) { y.Flow.Mode = 3 },
		"flow-detect-time":       func(_ *police.Config, y *police.TypeConfig) { y.Flow.DetectTime = 61 * time.Second },
		"flow-recover-time":      func(_ *police.Config, y *police.TypeConfig) { y.Flow.RecoverTime = 2 * time.Hour },
		"flow-timeout-time":      func(_ *police.Config, y *police.TypeConfig) { y.Flow.Timeout = 3 * time.Hour },
		"subscriber bandwidth":   func(_ *police.Config, y *police.TypeConfig) { y.Flow.Levels[police.Subscriber].Bandwidth = 10_001 },
		"level control":          func(_ *police.Config, y *police.TypeConfig) { y.Flow.Levels[police.Subscriber].Control = 3 },
		"bypass of an aggregate": func(c *police.Config, _ *police.TypeConfig) { c.Types[police.PPPAggregate].BypassAggregate = true },
	} {
		c := police.Defaults()
		spoil(&c, &c.Types[police.ICRQ])
		if err := c.Validate(1); !errors.Is(err, police.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, o := range []police.Options{
		{Slots: 1}, {Epoch: epoch}, {Epoch: epoch, Slots: 257}, {Epoch: epoch, Slots: 1, Flows: 1}, {Epoch: epoch, Slots: 1, Flows: 1 << 23},
	} {
		if _, err := police.New(o, good); !errors.Is(err, police.ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Global statements apply where a type says nothing.
func TestEffective(t *testing.T) {
	c := police.Defaults()
	c.FlowMode, c.LevelControl, c.DisableFPC = police.On, police.ControlKeep, true
	c.Types[police.ICRQ].Configured = police.KnobFlowMode
	c.Types[police.ICRQ].Flow.Levels[police.LogicalInterface].Configured = police.KnobLevelControl
	icrq, cdn := c.Effective(police.ICRQ), c.Effective(police.CDN)
	if icrq.Flow.Mode != police.Automatic || cdn.Flow.Mode != police.On || !icrq.DisableFPC || icrq.DisableRoutingEngine {
		t.Errorf("icrq %+v, cdn %+v", icrq, cdn)
	}
	if icrq.Flow.Levels[0].Control != police.ControlKeep || icrq.Flow.Levels[1].Control != police.ControlDrop {
		t.Errorf("levels %+v", icrq.Flow.Levels)
	}
}
