// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

// eachNode visits all nodes below n with the words that lead there.
func eachNode(n *node, before []string, visit func(words []string, n *node)) {
	for i := range n.sub {
		words := append(before[:len(before):len(before)], n.sub[i].word)
		visit(words, &n.sub[i])
		eachNode(&n.sub[i], words, visit)
	}
}

// The tree is sound: each word has help, leads to a command, and can be told
// from its neighbours.
func TestTreeIsSound(t *testing.T) {
	eachNode(commands(), nil, func(words []string, n *node) {
		at := strings.Join(words, " ")
		if n.help == "" {
			t.Errorf("%s has no help", at)
		}
		if n.run == nil && len(n.sub) == 0 {
			t.Errorf("%s leads nowhere", at)
		}
		if n.run == nil && len(n.args) > 0 {
			t.Errorf("%s has arguments and is no command", at)
		}
		seen := map[string]bool{}
		for _, s := range n.sub {
			seen[s.word] = true
		}
		for _, a := range n.args {
			switch {
			case a.help == "" || a.set == nil:
				t.Errorf("%s: argument %s has no help or no effect", at, a.word)
			case a.value != "" && !strings.HasPrefix(a.value, "<"):
				t.Errorf("%s: value %s is not in <>", at, a.value)
			case a.values != nil && a.value == "":
				t.Errorf("%s: %s has values and takes none", at, a.word)
			case seen[a.word]:
				t.Errorf("%s: %s is there twice", at, a.word)
			}
			seen[a.word] = true
		}
	})
}

// Whatever selector is typed reaches the query: one that was dropped would make
// a clear hit more than was meant.
func TestEverySelectorIsUsed(t *testing.T) {
	values := map[string]string{
		"<address>": "192.0.2.7", "<id>": "7", "<interface-name>": "si-1/0/0", "<name>": "x", "<number>": "0151", "<type>": "l2tp", "<state>": "init",
		"<password>": "secret",
	}
	n := 0
	eachNode(commands(), nil, func(words []string, node *node) {
		for _, a := range node.args {
			typed := append(words[:len(words):len(words)], a.word)
			if a.value != "" {
				typed = append(typed, values[a.value])
			}
			if a.word == "" {
				typed = append(words[:len(words):len(words)], values[a.value])
			}
			_, before, err := parse(commands(), words)
			if err != nil && node.need == "" {
				t.Fatal(err)
			}
			_, after, err := parse(commands(), typed)
			if err != nil {
				t.Errorf("%s: %v", strings.Join(typed, " "), err)
				continue
			}
			n++
			defaults := a.word == "brief" || a.word == "terse" || a.word == "client-type" // what is so anyway
			same := before.level == after.level && before.name == after.name && before.all == after.all && before.by == after.by && before.password == after.password &&
				before.selector.String() == after.selector.String()
			if same != defaults {
				t.Errorf("%s: no effect on the query", strings.Join(typed, " "))
			}
		}
	})
	if n < 60 {
		t.Errorf("only %d arguments were tried", n)
	}
}

// Any prefix that completion shows as unambiguous is understood as that word.
func TestAbbreviations(t *testing.T) {
	for typed, want := range map[string]string{
		"sh serv l2tp tun ext":            "show services l2tp tunnel extensive",
		"sh serv l2 tunnel-":              "show services l2tp tunnel-group",
		"sho sub sum p":                   "show subscribers summary port",
		"sh net a st ad p pool-v4":        "show network-access aaa statistics address-assignment pool pool-v4",
		"cl se l2 s a":                    "clear services l2tp session all",
		"sh se l2 t local-gateway-n lns1": "show services l2tp tunnel local-gateway-name lns1",
	} {
		n, q, err := parse(commands(), strings.Fields(typed))
		if err != nil {
			t.Errorf("%s: %v", typed, err)
			continue
		}
		full, fullQuery, err := parse(commands(), strings.Fields(want))
		if err != nil {
			t.Fatal(err)
		}
		if n.word != full.word || q.level != fullQuery.level || q.selector.String() != fullQuery.selector.String() || q.name != fullQuery.name ||
			q.all != fullQuery.all || q.by != fullQuery.by {
			t.Errorf("%s is taken for %s %+v", typed, n.word, q)
		}
	}
}

// Words that lead nowhere are never taken for something else, whatever they are.
func FuzzExecuteWords(f *testing.F) {
	f.Add("show services l2tp tunnel peer-gateway 192.0.2.1 | match x")
	f.Add(`show subscribers user-name "a b" | last 3`)
	f.Add("clear services l2tp session all | display json")
	f.Fuzz(func(t *testing.T, line string) {
		words, err := split(line)
		if err != nil {
			return
		}
		command, pipes := cutPipes(words)
		for i := range pipes {
			if _, _, err := parsePipe(pipes[i]); err != nil && err.Error() == "" {
				t.Error("error without a text")
			}
		}
		if n, _, err := parse(commands(), withoutRun(command)); err == nil && n.run == nil {
			t.Errorf("%q is a command that cannot be run", line)
		}
		if _, err := Complete(words, ""); err != nil && err.Error() == "" {
			t.Error("error without a text")
		}
	})
}
