// SPDX-License-Identifier: Apache-2.0

package api

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"holdfast/internal/testenv"
)

// protocVersion is the line of generated code that names protoc's own version.
var protocVersion = regexp.MustCompile(`(?m)^// (- |\t)protoc +.*\n`)

// The committed code is what the declarations make.
func TestGeneratedCodeIsCurrent(t *testing.T) {
	testenv.Commands(t, "protoc", "go")
	dir := t.TempDir()
	if out, err := exec.Command("./generate.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("generate.sh: %v\n%s", err, out)
	}
	n := 0
	err := filepath.WalkDir(filepath.Join(dir, "internal/api"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		made, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		committed, err := os.ReadFile(filepath.Join("../..", path[len(dir):]))
		if err != nil {
			return err
		}
		if protocVersion.ReplaceAllString(string(made), "") != protocVersion.ReplaceAllString(string(committed), "") {
			t.Errorf("%s is not current: go generate ./internal/api", path[len(dir)+1:])
		}
		return nil
	})
	if err != nil || n < 5 {
		t.Errorf("%d files compared: %v", n, err)
	}
}
