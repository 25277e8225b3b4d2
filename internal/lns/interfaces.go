// SPDX-License-Identifier: Apache-2.0

package lns

// interfaces spreads sessions over logical service interfaces (si-1/0/0): each
// session joins the least loaded one of its tunnel group.
type interfaces struct {
	index map[string]uint16
	list  []serviceInterface
}

type serviceInterface struct {
	name     string
	sessions int
	limit    int // this shard's even part of l2tp-maximum-session; 0: no bound
}

// bound sets the limits of interfaces that have one.
func (t *interfaces) bound(list []Interface, shards int) {
	for i := range t.list {
		t.list[i].limit = 0
	}
	for _, n := range list {
		t.list[t.find(n.Name)].limit = share(n.SessionMax, shards)
	}
}

func (t *interfaces) find(name string) uint16 {
	if i, ok := t.index[name]; ok {
		return i
	}
	if t.index == nil {
		t.index = make(map[string]uint16)
	}
	i := uint16(len(t.list))
	t.index[name] = i
	t.list = append(t.list, serviceInterface{name: name})
	return i
}

// join puts a session on the least loaded of the named interfaces; ok is false
// when all of them are full.
func (t *interfaces) join(names []string) (best uint16, ok bool) {
	for _, name := range names {
		i := t.find(name)
		f := &t.list[i]
		if f.limit > 0 && f.sessions >= f.limit {
			continue
		}
		if !ok || f.sessions < t.list[best].sessions {
			best, ok = i, true
		}
	}
	if ok {
		t.list[best].sessions++
	}
	return best, ok
}

func (t *interfaces) leave(i uint16) { t.list[i].sessions-- }

func (t *interfaces) name(i uint16) string { return t.list[i].name }
