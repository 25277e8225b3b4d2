// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"testing"

	"holdfast/internal/police"
)

// Names lead back to their types, and each type belongs to one group.
func TestTypeNames(t *testing.T) {
	listed := 0
	for _, g := range police.Groups() {
		for i, y := range g.Types() {
			listed++
			if got, ok := police.ParseType(g.String(), y.Name()); !ok || got != y || y.About() == "" || y.IsAggregate() != (i == 0) {
				t.Errorf("%v: found %v %v", y, got, ok)
			}
		}
		if g.Types()[0] != g.Aggregate() || g.Aggregate().Name() != "aggregate" {
			t.Errorf("%v begins with %v", g, g.Types()[0])
		}
	}
	p, err := police.New(police.Options{Slots: 1, Epoch: epoch}, police.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	snapshot := p.Snapshot(epoch)
	for _, y := range police.Types() {
		if snapshot.Of(y).Type != y {
			t.Errorf("%v is at the place of %v", snapshot.Of(y).Type, y)
		}
	}
	if listed != len(police.Types()) {
		t.Errorf("%d types in groups, %d in all", listed, len(police.Types()))
	}
	if _, ok := police.ParseType("l2tp", "echo-request"); ok {
		t.Error("a type of another group was found")
	}
	if got := police.SCCRQ.String() + " " + police.L2TPAggregate.String() + " " + police.None.String(); got != "L2TP:sccrq L2TP:aggregate none" {
		t.Error(got)
	}
}

// The words that operators know.
func TestStateWords(t *testing.T) {
	for state, want := range map[police.State]string{
		police.NeverViolated: "never violated", police.WasViolated: "no longer being violated",
		police.IsViolated: "currently being violated!", police.WasAndIsViolated: "currently being violated!",
	} {
		if got := state.String(); got != want {
			t.Errorf("%d is %q, want %q", state, got, want)
		}
	}
}
