// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "holdfast/internal/api/holdfastv1"
)

// baseline is what statistics were when an operator cleared them: from then on
// they are shown less that. What is counted, and what the metrics show, goes on:
// a counter of a monitoring system must not jump back because somebody has looked.
type baseline struct {
	mu sync.Mutex
	at map[string]proto.Message // by what was cleared
}

// clear notes that these are the statistics at which counting begins anew.
func (b *baseline) clear(name string, m proto.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == nil {
		b.at = make(map[string]proto.Message)
	}
	b.at[name] = proto.Clone(m)
}

// since makes the statistics those since they were cleared.
func (b *baseline) since(name string, m proto.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if before := b.at[name]; before != nil {
		subtract(m.ProtoReflect(), before.ProtoReflect())
	}
}

// subtract takes off each uint64, which is a counter, what it was before. One
// that is less than before has begun anew by itself.
func subtract(m, before protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() == protoreflect.Uint64Kind && !f.IsList():
			if old := before.Get(f).Uint(); old <= v.Uint() {
				m.Set(f, protoreflect.ValueOfUint64(v.Uint()-old))
			}
		case f.Kind() == protoreflect.MessageKind && !f.IsList():
			subtract(v.Message(), before.Get(f).Message())
		case f.Kind() == protoreflect.MessageKind:
			subtractList(v.List(), before.Get(f).List())
		}
		return true
	})
}

// subtractList finds for each message of a list the one that it was, by name.
func subtractList(list, before protoreflect.List) {
	old := make(map[string]protoreflect.Message, before.Len())
	for i := range before.Len() {
		old[nameOf(before.Get(i).Message())] = before.Get(i).Message()
	}
	for i := range list.Len() {
		m := list.Get(i).Message()
		if o, known := old[nameOf(m)]; known {
			subtract(m, o)
		}
	}
}

// nameOf tells the messages of a list apart.
func nameOf(m protoreflect.Message) string {
	switch m := m.Interface().(type) {
	case *pb.NamedTotal:
		return m.Name
	case *pb.RadiusServer: // one address may be configured twice, with other ports
		return fmt.Sprint(m.Address, m.GetAuthentication().GetPort(), m.GetAccounting().GetPort(), m.Profiles)
	}
	return ""
}
