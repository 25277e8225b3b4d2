// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"connectrpc.com/connect"
	"golang.org/x/term"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/api/holdfastv1/holdfastv1connect"
)

// prompter is a terminal that a line can be read from.
type prompter interface {
	io.Writer
	ReadLine() (string, error)
	SetPrompt(string)
}

// console is a terminal that is in raw mode only while a line is read, so that
// a command under way can be interrupted.
type console struct {
	*term.Terminal
	in, out *os.File
}

// terminal makes a console if in and out are a terminal.
func terminal(in io.Reader, out io.Writer) (*console, bool) {
	i, ok := in.(*os.File)
	o, ok2 := out.(*os.File)
	if !ok || !ok2 || !term.IsTerminal(int(i.Fd())) || !term.IsTerminal(int(o.Fd())) {
		return nil, false
	}
	return &console{newTerminal(struct {
		io.Reader
		io.Writer
	}{i, o}), i, o}, true
}

// ReadLine reads a line in raw mode.
func (c *console) ReadLine() (string, error) {
	state, err := term.MakeRaw(int(c.in.Fd()))
	if err != nil {
		return "", err
	}
	if width, height, err := term.GetSize(int(c.out.Fd())); err == nil && width > 0 {
		if err := c.SetSize(width, height); err != nil {
			return "", errors.Join(err, term.Restore(int(c.in.Fd()), state))
		}
	}
	line, err := c.Terminal.ReadLine()
	if restored := term.Restore(int(c.in.Fd()), state); restored != nil {
		return "", restored
	}
	return line, err
}

// newTerminal is a terminal that completes words and answers "?".
func newTerminal(rw io.ReadWriter) *term.Terminal {
	t := term.NewTerminal(rw, "")
	t.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
		switch {
		case key == '?' && !strings.Contains(line[:pos], `"`):
			_, err := t.Write([]byte("\n" + helpText(line[:pos])))
			return line, pos, err == nil
		case key == '\t' || key == ' ' && pos == len(line):
			return completeLine(line, pos, key)
		}
		return "", 0, false
	}
	return t
}

// helpText is what "?" prints after the beginning of a line.
func helpText(begin string) string {
	words, last, err := splitLast(begin)
	var b strings.Builder
	if err == nil {
		err = printHelp(&b, words, last)
	}
	if err != nil {
		return err.Error() + "\n"
	}
	return b.String()
}

// splitLast parts the word that is being typed, empty after a blank, from those before.
func splitLast(begin string) (words []string, last string, err error) {
	words, err = split(begin)
	if err != nil || len(words) == 0 || strings.HasSuffix(begin, " ") || strings.HasSuffix(begin, "|") {
		return words, "", err
	}
	return words[:len(words)-1], words[len(words)-1], nil
}

// completeLine writes out the word before the cursor if only one is meant.
func completeLine(line string, pos int, key rune) (string, int, bool) {
	words, last, err := splitLast(line[:pos])
	if err != nil || last == "" {
		return "", 0, key == '\t'
	}
	list, err := Complete(words, last)
	if err != nil {
		return "", 0, false
	}
	var found []string
	for _, c := range list {
		if !c.Value {
			found = append(found, c.Word)
		}
	}
	if len(found) != 1 {
		return "", 0, false
	}
	begin := line[:pos-len(last)] + found[0] + " "
	return begin + line[pos:], len(begin), true
}

// converse reads and runs commands until the end of the input or "exit".
func converse(ctx context.Context, client holdfastv1connect.OperationsClient, socket string, t prompter) error {
	host := "holdfast"
	if res, err := client.GetProcess(ctx, connect.NewRequest(&pb.GetProcessRequest{})); err == nil {
		host = res.Msg.HostName
	} else {
		report(t, socket, err)
	}
	t.SetPrompt(host + "> ")
	for ctx.Err() == nil {
		line, err := t.ReadLine()
		if errors.Is(err, io.EOF) {
			_, err = fmt.Fprintln(t)
			return err
		}
		if err != nil {
			return err
		}
		words, err := split(line)
		switch {
		case err != nil:
			err = &usageError{err}
		case len(words) == 0:
			continue
		case len(words) == 1 && (words[0] == "exit" || words[0] == "quit"):
			return nil
		default:
			err = execute(ctx, client, words, t)
		}
		report(t, socket, err)
	}
	return ctx.Err()
}
