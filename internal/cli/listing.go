// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// rows yields the rows of a stream of pages, as they come. The last value may be
// an error alone.
func rows[Page, Row any](stream *connect.ServerStreamForClient[Page], err error, of func(*Page) []*Row) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = stream.Close() }() // the reader has what it wanted
		for stream.Receive() {
			for _, row := range of(stream.Msg()) {
				if !yield(row, nil) {
					return
				}
			}
		}
		if err := stream.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// view is how rows are laid out; head comes before the first row only.
type view[Row any] struct {
	head string
	row  func(w io.Writer, r *Row)
}

// show prints rows as they come: as lines, or under name as JSON.
func show[Row any](c *call, name string, list iter.Seq2[*Row, error], v view[Row]) error {
	if c.json {
		return showJSON(c, name, list)
	}
	first := true
	for r, err := range list {
		if err != nil {
			return err
		}
		if first {
			first = false
			fmt.Fprint(c.out, v.head)
		}
		v.row(c.out, r)
		if c.out.Available() < outputBytes/4 {
			if err := c.out.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// showJSON prints {"name": [row, ...]}, one row a line.
func showJSON[Row any](c *call, name string, list iter.Seq2[*Row, error]) error {
	fmt.Fprintf(c.out, "{%q: [", name)
	separator := "\n"
	for r, err := range list {
		if err != nil {
			return err
		}
		b, err := marshal(any(r).(proto.Message))
		if err != nil {
			return err
		}
		fmt.Fprint(c.out, separator)
		if _, err := c.out.Write(b); err != nil {
			return err
		}
		separator = ",\n"
	}
	_, err := fmt.Fprint(c.out, "\n]}\n")
	return err
}

// showMessage prints one message as JSON.
func showMessage(c *call, m proto.Message) error {
	b, err := marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s\n", b)
	return err
}

// marshal makes JSON with every field there, and always with the same blanks,
// which protojson alone does not promise.
func marshal(m proto.Message) ([]byte, error) {
	b, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var same bytes.Buffer
	if err := json.Compact(&same, b); err != nil {
		return nil, err
	}
	return same.Bytes(), nil
}
