// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"io/fs"
)

// Load parses and builds a configuration. The tree is there whenever the text
// could be read, the result only when there is no error.
func Load(name string, text []byte) (*Tree, *Result, []*Error) {
	t, errs := Parse(name, text)
	if len(errs) > 0 {
		return t, nil, errs
	}
	r, errs := Build(t)
	return t, r, errs
}

// LoadFile is Load of a file. Errors of the configuration are of type Errors:
// one line each, FILE:LINE:COLUMN: text.
func LoadFile(fsys fs.FS, name string) (*Tree, *Result, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, nil, fmt.Errorf("config: %w", err)
	}
	t, r, errs := Load(name, text)
	if len(errs) > 0 {
		return t, nil, Errors(errs)
	}
	return t, r, nil
}
