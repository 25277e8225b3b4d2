// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	"time"

	"holdfast/internal/lns"
	"holdfast/internal/policy"
	"holdfast/ppp"
	"holdfast/radius"
)

// authRequest is an AuthQuery on its way.
type authRequest struct {
	lns.AuthQuery
	service *Service
	shard   int
	answer  func(lns.AuthAnswer) // of a test; nil: the answer is a shard's
}

// Authenticate asks the RADIUS servers about each subscriber. It does not wait,
// and may be called from any goroutine; each query gets one answer.
func (s *Service) Authenticate(shard int, queries []lns.AuthQuery) {
	for i := range queries {
		r := &authRequest{AuthQuery: queries[i], service: s, shard: shard}
		s.auth.requests.Add(1)
		if s.x.submit(r.Profile.Radius, radius.Access, r) == 0 {
			s.auth.refused.Add(1)
			s.refused(r)
		}
	}
}

// refused answers a query that found too many waiting. The shard's goroutine may
// be the one that asks, and answers are the exchanger's: so the exchanger tells it.
func (s *Service) refused(r *authRequest) {
	late := lns.AuthAnswer{Ref: r.Ref, Result: lns.AuthTimeout}
	if !s.x.mail.do(func(time.Time) { r.deliver(late) }) && r.answer != nil {
		r.answer(late)
	}
}

// Test asks the servers of the query's profile as for a log-in, and waits for the
// answer: for "test aaa ppp".
func (s *Service) Test(ctx context.Context, q lns.AuthQuery) (lns.AuthAnswer, error) {
	answers := make(chan lns.AuthAnswer, 1)
	r := &authRequest{AuthQuery: q, service: s, answer: func(a lns.AuthAnswer) { answers <- a }}
	h := s.x.submit(q.Profile.Radius, radius.Access, r)
	if h == 0 {
		return lns.AuthAnswer{Result: lns.AuthTimeout}, nil
	}
	select {
	case a := <-answers:
		return a, nil
	case <-ctx.Done():
		s.x.cancel(h)
		return lns.AuthAnswer{}, ctx.Err()
	}
}

func (r *authRequest) encode(b []byte, s *signer, host string, id uint8, random [16]byte, _ time.Time) ([]byte, error) {
	return encodeAccess(b, s, host, id, random, &r.AuthQuery)
}

// ended makes the answer.
func (r *authRequest) ended(_ time.Time, e *result) {
	a := lns.AuthAnswer{Ref: r.Ref, Result: lns.AuthTimeout}
	switch {
	case e.outcome == radius.Answered:
		r.read(&a, e)
	case e.err != nil:
		a.Result, a.Message = lns.AuthReject, r.refusal("")
		r.service.auth.unsent.Add(1)
	default:
		r.service.auth.timeouts.Add(1)
	}
	r.deliver(a)
}

func (r *authRequest) deliver(a lns.AuthAnswer) {
	if r.answer != nil {
		r.answer(a)
		return
	}
	r.service.gather(r.shard, a)
}

// read makes the answer of a reply.
func (r *authRequest) read(a *lns.AuthAnswer, e *result) {
	granted := &policy.Attributes{}
	d := decoder{to: granted, ignore: &r.Profile.Ignore, signer: e.signer, request: e.request[:]}
	d.decode(e.reply)
	a.Server = e.server.Address.String()
	count := &r.service.auth
	switch e.reply[0] {
	case codeAccessAccept:
		count.accepts.Add(1)
		a.Result, a.Granted, a.Message = lns.AuthAccept, granted, granted.ReplyMessage
		if r.Offer.Method == ppp.MSCHAPv2 {
			// The peer does not believe a Success that lacks it (RFC 2759 §5).
			if granted.MSCHAP == "" && granted.Malformed == "" {
				granted.Malformed = "MS-CHAP2-Success"
			}
			a.Message = granted.MSCHAP
		}
		if granted.Malformed != "" {
			count.malformed.Add(1)
		}
		count.ignored.Add(uint64(len(granted.Ignored)))
	case codeAccessChallenge:
		// "If the NAS does not support challenge/response, it MUST treat an
		// Access-Challenge as though it had received an Access-Reject instead."
		// RFC 2865 §4.4
		count.challenges.Add(1)
		a.Result, a.Message = lns.AuthReject, r.refusal("")
	default:
		count.rejects.Add(1)
		a.Result = lns.AuthReject
		if a.Message = granted.ReplyMessage; r.Offer.Method == ppp.MSCHAPv2 {
			a.Message = r.refusal(granted.MSCHAP)
		}
	}
}

// refusal is what a subscriber is told who is turned away: the server's words if
// it has any. Those of MS-CHAPv2 have a form, which clients insist on.
func (r *authRequest) refusal(server string) string {
	if server != "" || r.Offer.Method != ppp.MSCHAPv2 {
		return server
	}
	return ppp.Refuse(&r.Offer).Message
}
