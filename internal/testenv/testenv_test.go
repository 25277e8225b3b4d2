// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"strings"
	"testing"
)

// recorder notes how Missing ended a test.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = "failed: " + fmt.Sprintf(format, args...)
}

func (r *recorder) Skipf(format string, args ...any) {
	if r.ended == "" {
		r.ended = "skipped: " + fmt.Sprintf(format, args...)
	}
}

// What is skipped on a desk is a failure in CI, and both say what is missing.
func TestMissing(t *testing.T) {
	for env, want := range map[string]string{"": "skipped", "false": "skipped", "true": "failed", "1": "failed"} {
		t.Setenv("CI", env)
		r := &recorder{TB: t}
		Commands(r, "sh", "no-such-program")
		if !strings.HasPrefix(r.ended, want) || !strings.Contains(r.ended, "no-such-program") || strings.Contains(r.ended, "needs sh") {
			t.Errorf("CI=%q: %q, want %s", env, r.ended, want)
		}
	}
}

// What is there is not asked for.
func TestCommandsFound(t *testing.T) {
	t.Setenv("CI", "true")
	r := &recorder{TB: t}
	Commands(r, "sh")
	if r.ended != "" {
		t.Errorf("sh: %s", r.ended)
	}
}
