// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"holdfast/internal/api/holdfastv1/holdfastv1connect"
)

const (
	callMax      = 64                     // calls served at once; more are told to come back
	requestBytes = 64 << 10               // a selector is small
	idleTimeout  = 2 * time.Minute        // of a connection without a call
	headTimeout  = 10 * time.Second       // to say what the call is
	stopTimeout  = 200 * time.Millisecond // for calls under way when the daemon ends
	socketMode   = 0o660                  // owner and group
)

// Server serves the API of one daemon.
type Server struct {
	backend Backend
	calls   chan struct{} // holds a token for each call under way
	names   destinationNames
	cleared baseline
	holdfastv1connect.UnimplementedOperationsHandler
}

// New makes a Server over the daemon's backend.
func New(b Backend) *Server { return &Server{backend: b, calls: make(chan struct{}, callMax)} }

// Handler is the service as an HTTP handler. No more than a bounded number of
// calls are served at once.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(holdfastv1connect.NewOperationsHandler(s))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.calls <- struct{}{}:
			defer func() { <-s.calls }()
		default:
			http.Error(w, "too many calls at once", http.StatusServiceUnavailable)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, requestBytes)
		mux.ServeHTTP(w, r)
	})
}

// Serve answers calls on l until ctx ends, then closes l. Calls under way get a
// moment to finish. It returns nil when ctx was the reason.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headTimeout,
		IdleTimeout:       idleTimeout,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("api: serve: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if server.Shutdown(last) != nil {
		// A call did not end in time: its connection is closed under it.
		if err := server.Close(); err != nil {
			return fmt.Errorf("api: close: %w", err)
		}
	}
	<-served
	return nil
}

// ErrInUse says that another daemon answers on the socket.
var ErrInUse = errors.New("api: another daemon serves this socket")

// Listen opens the Unix socket at path for the owner and the group of the
// process. A socket that a dead daemon has left is replaced.
func Listen(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// The mode is set before the socket has a name, so that there is no moment
	// in which others may connect; umask can only have taken bits away from it.
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) { err = syscall.Fchmod(int(fd), socketMode) }), err)
	}}
	l, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("api: %w", err), l.Close())
	}
	return l, nil
}

// removeStale removes a socket on which nobody answers, and nothing else.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("api: %w", err)
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("api: %s exists and is no socket", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		return errors.Join(fmt.Errorf("%w: %s", ErrInUse, path), c.Close())
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}
