// SPDX-License-Identifier: Apache-2.0

package directory

// Kind is what a Key names.
type Kind uint8

// Kinds of keys.
const (
	ChassisSessions Kind = iota // limit: services l2tp maximum-sessions
	ChassisTunnels              // limit: tunnels of the chassis
	GroupSessions               // limit: tunnel-group maximum-sessions
	ClientSessions              // limit: access profile client maximum-sessions
	LimitGroup                  // limit: session-limit-group
	Address                     // claim: a framed address
	UserName                    // claim: session-limit-per-username, Port-Limit
	Prefix                      // claim: a framed IPv6 prefix
	Route                       // claim: a framed route
	PoolBlocks                  // names the home of a pool; the engine keeps the broker
)

// Key names one fact.
type Key struct {
	Kind Kind
	Name string
}

// Home is the shard that keeps the fact (FNV-1a over the key).
func (k Key) Home(shards int) int {
	h := uint32(2166136261)
	h = (h ^ uint32(k.Kind)) * 16777619
	for i := range len(k.Name) {
		h = (h ^ uint32(k.Name[i])) * 16777619
	}
	return int(h % uint32(shards))
}

// Holder names a session over all shards; Generation tells it from an earlier
// session of the same Element.
type Holder struct {
	Shard      uint16
	Element    uint32
	Generation uint32
}

// Op is what a Message does.
type Op uint8

// Messages to a home, and from it.
const (
	Ask     Op = iota // to home: the shard's Lease is empty and somebody waits; Max is the limit
	Return            // to home: N tokens back; answers a Recall when Answer is set
	Claim             // to home: Holder wants the key, at most Max holders
	Release           // to home: Holder gives the key up
	Grant             // from home: N tokens
	Deny              // from home: the limit is reached
	Recall            // from home: return what is spare, at once
	Claimed           // from home: Holder has the key
	Refused           // from home: Other has it
)

// ToHome says which way the message goes.
func (o Op) ToHome() bool { return o <= Release }

// Message is what a shard and a home say to each other. Shard is the shard at
// the other end of the home: the sender of what goes to a home, else the receiver.
type Message struct {
	Op     Op
	Shard  int
	Key    Key
	N      int
	Max    int
	Answer bool
	Holder Holder
	Other  Holder
}
