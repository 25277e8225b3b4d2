// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const sysctlRoot = "/proc/sys"

// SetSysctl writes a kernel setting, named as a path below /proc/sys. Those of
// the network are the calling thread's namespace's.
func SetSysctl(path, value string) error {
	if err := os.WriteFile(filepath.Join(sysctlRoot, path), []byte(value), 0); err != nil {
		return fmt.Errorf("kernel: set %s to %s: %w", path, value, err)
	}
	return nil
}

// Sysctl reads a kernel setting.
func Sysctl(path string) (string, error) {
	b, err := os.ReadFile(filepath.Join(sysctlRoot, path))
	if err != nil {
		return "", fmt.Errorf("kernel: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
