package api

import "treasurehunt/internal/problem"

// Lengths of bodies beside those that Content-Length says.
const (
	// Chunked is the length of a body in chunks.
	Chunked int64 = -1
	// NoBody is the length where the head announces none.
	NoBody int64 = -2
)

// Admit decides, once a request is routed, whether its body is read: as it must be where the
// connection goes on, even if nothing waits for it. Where it is not, the route has a refusal.
func (s *Service) Admit(head Head, length int64, route *Route) bool {
	if route.Close {
		return false
	}
	framed := length > 0 || length == Chunked
	expects := false
	if value, given := head.Field("Expect"); given {
		_, minor := head.Version()
		expects = framed && minor > 0
		if !isWord(value, "100-continue") {
			route.Refusal = problem.ExpectationFailed
		}
	}
	if route.Refusal == nil && route.takesBody && length == NoBody {
		route.Refusal = problem.LengthRequired
	}
	switch {
	case length > route.BodyBytesMax:
		if route.Refusal == nil {
			route.Refusal = problem.BodyTooLarge
		}
	case route.Refusal == nil || !expects:
		return framed
	}
	route.Close = true
	return false
}

// Wants says whether something waits for the body.
func (r *Route) Wants() bool { return r.Refusal == nil && r.takesBody }
