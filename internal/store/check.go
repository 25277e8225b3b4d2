// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for a process that ends and still holds the file.
const lockTimeout = 2 * time.Second

// check walks through the whole file before it is used: bbolt trusts its pages,
// and would find damage by a panic in the middle of the night.
func check(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist), err == nil && info.Size() == 0:
		return nil // a new one
	case err != nil:
		return fmt.Errorf("store: %w", err)
	}
	return explain(path, guard(func() error {
		// bbolt checks the meta pages, and holds the lock meanwhile.
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
		if err != nil {
			return err
		}
		return errors.Join(walk(path), db.Close())
	}))
}

// guard turns the panics by which bbolt reports damage into errors, and a fault
// of the mapped memory (a disk that cannot be read) too.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, r)
		}
	}()
	return do()
}

// explain names the file and says what to do about the error.
func explain(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%s: %w", path, ErrLocked)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return fmt.Errorf("%s: %w: %w; move it away to begin with an empty one", path, ErrCorrupt, err)
	case errors.Is(err, ErrCorrupt):
		return fmt.Errorf("%s: %w; move it away to begin with an empty one", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}
