// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// record is one Accounting-Request as FreeRADIUS has written it into its detail
// file: a line a attribute below a date.
type record struct{ all map[string][]string }

// one is the value of an attribute; empty: there is none.
func (r record) one(name string) string {
	if v := r.all[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (r record) number(name string) uint64 {
	n, _ := strconv.ParseUint(r.one(name), 10, 64) // an attribute that is not there is zero
	return n
}

// octets is a 64-bit counter out of its two halves.
func (r record) octets(way string) uint64 {
	return r.number("Acct-"+way+"-Gigawords")<<32 | r.number("Acct-"+way+"-Octets")
}

// parseDetail reads a detail file.
func parseDetail(text string) (list []record) {
	for _, line := range strings.Split(text, "\n") {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " = ")
		switch {
		case line == "":
		case line[0] != '\t':
			list = append(list, record{map[string][]string{}})
		case ok && len(list) > 0:
			r := list[len(list)-1]
			r.all[name] = append(r.all[name], strings.Trim(value, `"`))
		}
	}
	return list
}

// records is what FreeRADIUS was told so far, in order.
func (w *world) records() []record {
	text, err := os.ReadFile(filepath.Join(w.server.dir, "detail"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return parseDetail(string(text))
}

// of are the records of a user or, if it is empty, of all, with a status or with any.
func of(list []record, user, status string) (found []record) {
	for _, r := range list {
		if (user == "" || r.one("User-Name") == user) && (status == "" || r.one("Acct-Status-Type") == status) {
			found = append(found, r)
		}
	}
	return found
}

// wantRecords waits until FreeRADIUS has so many records of a user and status.
func (w *world) wantRecords(user, status string, n int) (found []record) {
	w.t.Helper()
	eventually(w.t, func() string {
		if found = of(w.records(), user, status); len(found) < n {
			return fmt.Sprintf("%d records of %s with %s, want %d", len(found), user, status, n)
		}
		return ""
	})
	return found
}
