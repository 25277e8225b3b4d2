// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/api/holdfastv1/holdfastv1connect"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the daemon could not be asked, or refused
	exitSyntax = 2 // the command is none
)

// outputBytes is how much output is put together before it is written.
const outputBytes = 64 << 10

// call is one command being run.
type call struct {
	client holdfastv1connect.OperationsClient
	query  query
	out    *bufio.Writer
	json   bool
}

// list is the request of a listing. Counters are read only if they are shown.
func (c *call) list() *connect.Request[pb.ListRequest] {
	counters := c.query.level == extensive || c.query.level == statistics || c.json
	return connect.NewRequest(&pb.ListRequest{Selector: c.query.selector, Counters: counters})
}

// Run runs one command against the daemon at the Unix socket and returns the
// exit code of the process: 0 done, 1 failed, 2 not understood. Without words, on
// a terminal, it prompts for commands until the end of in.
func Run(ctx context.Context, socket string, argv []string, in io.Reader, out, errOut io.Writer) int {
	client := dial(socket)
	if len(argv) == 0 {
		if t, ok := terminal(in, out); ok {
			return report(errOut, socket, converse(ctx, client, socket, t))
		}
	}
	words, err := arguments(argv)
	if err != nil {
		return report(errOut, socket, &usageError{err})
	}
	return report(errOut, socket, execute(ctx, client, words, out))
}

// execute runs one command, or shows what may follow if it ends in "?".
func execute(ctx context.Context, client holdfastv1connect.OperationsClient, words []string, out io.Writer) error {
	if before, partial, asked := question(words); asked {
		return printHelp(out, before, partial)
	}
	words, pipes := cutPipes(words)
	words = withoutRun(words)
	n, q, err := parse(commands(), words)
	if err != nil {
		return err
	}
	w, json, err := output(out, pipes)
	if err != nil {
		return &usageError{err}
	}
	c := &call{client: client, query: q, json: json, out: bufio.NewWriterSize(w, outputBytes)}
	return errors.Join(n.run(ctx, c), c.out.Flush(), w.Close())
}

// dial makes a client of the socket; it connects when it is used.
func dial(socket string) holdfastv1connect.OperationsClient {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	return holdfastv1connect.NewOperationsClient(&http.Client{Transport: transport}, "http://holdfast")
}

// usageError is a mistake in how the words are quoted or piped.
type usageError struct{ error }

// report tells what went wrong and returns the exit code.
func report(errOut io.Writer, socket string, err error) int {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
		return exitOK // whoever reads has seen enough
	}
	code := exitFailed
	var syntax *syntaxError
	var usage *usageError
	var told *connect.Error
	text := "error: " + err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		text = fmt.Sprintf("error: no daemon answers on %s: is holdfast running?", socket)
	case errors.Is(err, fs.ErrPermission):
		text = fmt.Sprintf("error: no permission for %s: it is open to its owner and group", socket)
	case errors.As(err, &syntax):
		code, text = exitSyntax, syntax.Error()
	case errors.As(err, &usage):
		code, text = exitSyntax, usage.Error()
	case errors.As(err, &told):
		text = "error: " + told.Message()
	}
	if _, err := fmt.Fprintln(errOut, text); err != nil {
		return exitFailed
	}
	return code
}
