// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"

	"holdfast/ppp"
)

// instance is an LNS that runs.
type instance interface {
	pid() int // 0: it is no process of its own
	close() error
}

// server is a kind of LNS. start returns when it answers.
type server struct {
	name  string
	start func(ctx context.Context, n *network, dir string, auth ppp.AuthMethod) (instance, error)
}

// bench is where and against what everything is measured.
type bench struct {
	networks int // made so far
}

// scene is one LNS on one network, for one run.
type scene struct {
	*network
	lns instance
	dir string
}

// with calls f with a fresh instance on a fresh network: no run sees what the
// one before has left behind.
func (b *bench) with(ctx context.Context, s server, auth ppp.AuthMethod, f func(*scene) error) (err error) {
	dir, err := os.MkdirTemp("", "hf-peers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b.networks++
	n, err := newNetwork(networkName(b.networks))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	lns, err := s.start(ctx, n, dir, auth)
	if err != nil {
		return err
	}
	return errors.Join(f(&scene{network: n, lns: lns, dir: dir}), lns.close())
}
