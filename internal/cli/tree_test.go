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
		"<password>": "secret", "<slot>": "2",
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
			if words[1] == "ddos-protection" {
				defaults = false // there the default is at length
			}
			same := before.level == after.level && before.name == after.name && before.all == after.all && before.by == after.by && before.password == after.password &&
				before.aspect == after.aspect && before.history == after.history && len(before.slots) == len(after.slots) &&
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
		"sh ser l2 dest":                  "show services l2tp destination",
		"sh ch rou":                       "show chassis routing-engine",
		"sh sys pr ext":                   "show system processes extensive",
		"sh dd pro l2 agg":                "show ddos-protection protocols l2tp aggregate",
		"sh ddos prot l2tp icrq st te":    "show ddos-protection protocols l2tp icrq statistics terse",
		"sh dd p pp echo-rep":             "show ddos-protection protocols ppp echo-reply",
		"sh dd st":                        "show ddos-protection statistics",
		"cl dd pr l2 a cu fpc 2":          "clear ddos-protection protocols l2tp aggregate culprit-flows fpc-slot 2",
		"sh netw aaa stat authe":          "show network-access aaa statistics authentication",
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
			q.all != fullQuery.all || q.by != fullQuery.by || q.aspect != fullQuery.aspect || q.history != fullQuery.history ||
			len(q.slots) != len(fullQuery.slots) {
			t.Errorf("%s is taken for %s %+v", typed, n.word, q)
		}
	}
}

// Wherever an operator stands, "?" tells what may follow, every word of it has
// help, and each of the words leads on.
func TestHelpEverywhere(t *testing.T) {
	places := 0
	eachNode(commands(), nil, func(words []string, _ *node) {
		places++
		list, err := Complete(words, "")
		if err != nil || len(list) == 0 {
			t.Errorf("%s ?: %d words, %v", strings.Join(words, " "), len(list), err)
		}
		for _, c := range list {
			if c.Help == "" {
				t.Errorf("%s: %s has no help", strings.Join(words, " "), c.Word)
			}
			if c.Value || c.Word == "|" {
				continue
			}
			if _, err := Complete(append(words[:len(words):len(words)], c.Word), ""); err != nil {
				t.Errorf("%s %s ?: %v", strings.Join(words, " "), c.Word, err)
			}
		}
	})
	if places < 100 {
		t.Errorf("only %d places", places)
	}
}

// "run", and what it may be shortened to, may stand in front of any command and
// of any request for help.
func TestRunPrefix(t *testing.T) {
	eachNode(commands(), nil, func(words []string, n *node) {
		for _, run := range []string{"run", "ru"} {
			typed := append([]string{run}, words...)
			if got := withoutRun(typed); strings.Join(got, " ") != strings.Join(words, " ") {
				t.Errorf("%s is taken for %v", strings.Join(typed, " "), got)
			}
			plain, err := Complete(words, "")
			prefixed, err2 := Complete(typed, "")
			if err != nil || err2 != nil || len(plain) != len(prefixed) {
				t.Errorf("%s ?: %d words (%v), without run %d (%v)", strings.Join(typed, " "), len(prefixed), err2, len(plain), err)
			}
		}
	})
	list, err := Complete([]string{"run"}, "sh")
	if err != nil || len(list) != 1 || list[0].Word != "show" {
		t.Errorf("run sh?: %v %v", list, err)
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
