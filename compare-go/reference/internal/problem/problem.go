// Package problem is the table of every refusal (R77): the status, and the problem document of
// RFC 9457 that the peer gets. It knows no encoding.
package problem

import "treasurehunt/internal/document"

// URN begins the type of every problem document; the slug follows.
const URN = "urn:hunt:problem:"

// Problem is a refusal on its way to the peer. Those of the table are shared: they are not changed.
type Problem struct {
	// Type is [URN] and the slug.
	Type string
	// Title says what went wrong, for a person.
	Title string
	// Status is the HTTP status code.
	Status int
	// Detail says what exactly, where the type alone does not; otherwise it is empty.
	Detail string
	// Fault says where in the document, for [InvalidBody] and [InvalidQuest]; otherwise it is nil.
	Fault *document.Fault
}

// Slug is the last part of the type: `unknown-hunt`.
func (p *Problem) Slug() string { return p.Type[len(URN):] }

// Because is the problem with a detail.
func (p *Problem) Because(detail string) *Problem {
	because := *p
	because.Detail = detail
	return &because
}

// At is the problem with a fault and its detail.
func (p *Problem) At(fault *document.Fault) *Problem {
	at := *p
	at.Detail, at.Fault = fault.Code.Detail(), fault
	return &at
}

// Is says whether the problem is of a type, whatever its detail.
func (p *Problem) Is(kind *Problem) bool { return p.Type == kind.Type }

// All are the problems of the table, in its order.
var All []*Problem

func define(status int, slug, title string) *Problem {
	p := &Problem{Type: URN + slug, Title: title, Status: status}
	All = append(All, p)
	return p
}

// The table.
var (
	// MalformedRequest: the bytes are not an HTTP/1.1 request; the connection closes.
	MalformedRequest = define(400, "malformed-request", "the request is not well-formed HTTP/1.1")
	// InvalidQuery: a query parameter is unknown, repeated or out of range.
	InvalidQuery = define(400, "invalid-query",
		"a query parameter is unknown, repeated or out of range")
	// InvalidID: an id in the path is not 1 to 32 of the allowed characters.
	InvalidID = define(400, "invalid-id", "an id in the path is not well-formed")
	// InvalidHandshake: the WebSocket handshake is incomplete.
	InvalidHandshake = define(400, "invalid-handshake",
		"the WebSocket handshake is not well-formed")
	// UnsupportedSubprotocol: none of the offered subprotocols is spoken here.
	UnsupportedSubprotocol = define(400, "unsupported-subprotocol",
		"none of the offered subprotocols is supported")
	// SessionMissing: no session token where one is needed.
	SessionMissing = define(401, "session-missing", "a session token is needed")
	// SessionInvalid: the token is malformed, or no current key signed it.
	SessionInvalid = define(401, "session-invalid", "the session token is not valid")
	// SessionExpired: the token is past its expiry.
	SessionExpired = define(401, "session-expired", "the session token has expired")
	// SessionStale: the token is of an earlier round of the hunt.
	SessionStale = define(401, "session-stale", "the session token is of an earlier round")
	// AdminMissing: no admin token where one is needed.
	AdminMissing = define(401, "admin-missing", "an admin token is needed")
	// AdminInvalid: the admin token is malformed, or no current key signed it.
	AdminInvalid = define(401, "admin-invalid", "the admin token is not valid")
	// AdminExpired: the admin token is past its expiry.
	AdminExpired = define(401, "admin-expired", "the admin token has expired")
	// SessionWrongHunt: the token is of another hunt.
	SessionWrongHunt = define(403, "session-wrong-hunt", "the session token is of another hunt")
	// OriginRefused: the Origin is not on the allow-list.
	OriginRefused = define(403, "origin-refused", "the origin is not allowed")
	// UnknownPath: no resource has this path.
	UnknownPath = define(404, "unknown-path", "no resource has this path")
	// UnknownAPIVersion: the path names a version of the API that does not exist.
	UnknownAPIVersion = define(404, "unknown-api-version", "no such version of the API")
	// UnknownQuest: no quest has this id.
	UnknownQuest = define(404, "unknown-quest", "no quest has this id")
	// UnknownQuestVersion: the quest has no such version, or it is not kept any more.
	UnknownQuestVersion = define(404, "unknown-quest-version", "the quest has no such version")
	// UnknownHunt: no hunt has this id.
	UnknownHunt = define(404, "unknown-hunt", "no hunt has this id")
	// UnknownTreasure: the quest of the hunt has no such treasure.
	UnknownTreasure = define(404, "unknown-treasure", "the quest has no such treasure")
	// UnknownPlayer: the hunt has no such player.
	UnknownPlayer = define(404, "unknown-player", "the hunt has no such player")
	// MethodNotAllowed: the resource does not answer this method; Allow says which.
	MethodNotAllowed = define(405, "method-not-allowed",
		"the resource does not answer this method")
	// RequestTimeout: the request did not arrive in time; the connection closes.
	RequestTimeout = define(408, "request-timeout", "the request did not arrive in time")
	// HuntExists: the hunt runs with another quest or capacity.
	HuntExists = define(409, "hunt-exists", "the hunt runs with another quest or capacity")
	// HuntFull: the hunt has as many players as its capacity.
	HuntFull = define(409, "hunt-full", "the hunt is full")
	// HuntEnded: the round is over.
	HuntEnded = define(409, "hunt-ended", "the hunt has ended")
	// KeyReused: the key was used for another treasure.
	KeyReused = define(409, "key-reused", "the idempotency key was used for another treasure")
	// LengthRequired: a body without Content-Length or chunked coding.
	LengthRequired = define(411, "length-required",
		"the request needs a Content-Length or chunked coding")
	// BodyTooLarge: the body is over its limit.
	BodyTooLarge = define(413, "body-too-large", "the request body is over its limit")
	// TargetTooLong: the request target is over its limit.
	TargetTooLong = define(414, "target-too-long", "the request target is over its limit")
	// UnsupportedMediaType: the body is not JSON, or is coded.
	UnsupportedMediaType = define(415, "unsupported-media-type",
		"the request body must be application/json without a content coding")
	// ExpectationFailed: an expectation other than 100-continue.
	ExpectationFailed = define(417, "expectation-failed",
		"the only expectation that is met is 100-continue")
	// InvalidBody: the body is not the JSON that is asked for.
	InvalidBody = define(422, "invalid-body", "the request body is not valid")
	// InvalidQuest: the quest document is not valid.
	InvalidQuest = define(422, "invalid-quest", "the quest document is not valid")
	// UpgradeRequired: the resource speaks WebSocket version 13 only.
	UpgradeRequired = define(426, "upgrade-required",
		"the resource speaks WebSocket version 13 only")
	// HeadTooLarge: the head or the trailers are over their limit.
	HeadTooLarge = define(431, "head-too-large", "the request head is over its limit")
	// Internal: a fault of the server.
	Internal = define(500, "internal", "the server made a mistake")
	// UnknownMethod: the method is not known.
	UnknownMethod = define(501, "unknown-method", "the method is not known")
	// UnknownTransferCoding: a transfer coding other than chunked.
	UnknownTransferCoding = define(501, "unknown-transfer-coding",
		"the only transfer coding that is known is chunked")
	// QuestsFull: no more quests can be held.
	QuestsFull = define(503, "quests-full", "the server holds as many quests as it may")
	// HuntsFull: no more hunts can be held.
	HuntsFull = define(503, "hunts-full", "the server holds as many hunts as it may")
	// ConnectionsFull: no more connections can be held.
	ConnectionsFull = define(503, "connections-full",
		"the server holds as many connections as it may")
	// NotReady: the server is not ready, or is draining.
	NotReady = define(503, "not-ready", "the server is not ready")
	// UnsupportedHTTPVersion: a version of HTTP other than 1.x.
	UnsupportedHTTPVersion = define(505, "unsupported-http-version",
		"the server speaks HTTP/1.1 and HTTP/1.0")
)
