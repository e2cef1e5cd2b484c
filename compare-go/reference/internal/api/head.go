package api

import (
	"strings"

	"treasurehunt/internal/config"
	"treasurehunt/internal/problem"
)

// Head is the head of a request as an adapter's library has read it. Names of fields are canonical:
// `Content-Type`, `Sec-Websocket-Key`. What it returns is good until the request is answered.
type Head interface {
	// Method is the method as it was sent.
	Method() string
	// Target is the request target as it was sent.
	Target() string
	// Version is the version of HTTP: 1, 0 for HTTP/1.0.
	Version() (major, minor int)
	// Host is the field Host. Whether there is one is for the library to see to.
	Host() string
	// Size is how many bytes the head has, as far as the library tells, and how many field lines.
	Size() (bytes, fields int)
	// Repeated is the first of the Singles that has more than one field line; empty where none has.
	Repeated() string
	// Field is the value of the first field line of that name; false where there is none.
	Field(name string) (value string, given bool)
	// Lines are the values of all field lines of that name.
	Lines(name string) []string
}

// Singles are the fields that may be given once. That there is one Host and one Content-Length is
// for the library to see to.
var Singles = [...]string{
	"Expect", "Origin", "Content-Type", "Authorization", "Sec-Websocket-Key",
	"Sec-Websocket-Version",
}

// check refuses what no request may be, whatever it asks for: the connection ends with the answer.
// What the library has refused already does not come here.
func check(head Head, limits *config.Limits) (target, *problem.Problem) {
	if major, _ := head.Version(); major != 1 {
		return target{}, problem.UnsupportedHTTPVersion
	}
	method, raw := head.Method(), head.Target()
	if !isMethod(method) {
		return target{}, problem.UnknownMethod
	}
	if int64(len(raw)) > limits.TargetBytesMax {
		return target{}, problem.TargetTooLong
	}
	bytes, fields := head.Size()
	if int64(fields) > limits.FieldsMax {
		return target{}, problem.HeadTooLarge.Because("too many fields")
	}
	if int64(bytes) > limits.HeadBytesMax {
		return target{}, problem.HeadTooLarge
	}
	t := target{authority: raw}
	if method != "CONNECT" {
		var refusal *problem.Problem
		if t, refusal = parseTarget(method, raw); refusal != nil {
			return t, refusal
		}
	}
	if name := head.Repeated(); name != "" {
		return t, malformed("more than one " + strings.Replace(name, "Websocket", "WebSocket", 1))
	}
	return t, checkHost(head, t.authority)
}

func checkHost(head Head, authority string) *problem.Problem {
	_, minor := head.Version()
	host := head.Host()
	switch {
	case host == "" && authority == "" && minor > 0:
		return malformed("an empty Host")
	case host != "" && !isAuthority(host):
		return malformed("malformed Host")
	}
	return nil
}

func isMethod(method string) bool {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT":
		return true
	}
	return false
}

// Persists says whether the client would go on with its connection (RFC 9112 section 9.3).
func Persists(head Head) bool {
	_, minor := head.Version()
	return !hasElement(head, "Connection", "close") &&
		(minor > 0 || hasElement(head, "Connection", "keep-alive"))
}

// hasElement says whether a field that is a list has an element, in any case.
func hasElement(head Head, name, element string) bool {
	for _, line := range head.Lines(name) {
		for one := range strings.SplitSeq(line, ",") {
			if isWord(trim(one), element) {
				return true
			}
		}
	}
	return false
}

// checkJSON holds a body that is to come against its media type: JSON, uncoded; where the head says
// nothing it is taken as such.
func checkJSON(head Head) *problem.Problem {
	for _, coding := range head.Lines("Content-Encoding") {
		if !isWord(coding, "identity") {
			return problem.UnsupportedMediaType
		}
	}
	value, given := head.Field("Content-Type")
	if !given || value == "application/json" || isJSONType(value) {
		return nil
	}
	return problem.UnsupportedMediaType
}

func isJSONType(value string) bool {
	media, parameters, _ := strings.Cut(value, ";")
	if !isWord(trim(media), "application/json") {
		return false
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		parameter = trim(parameter)
		if parameter != "" && !isWord(parameter, "charset=utf-8") &&
			!isWord(parameter, `charset="utf-8"`) {
			return false
		}
	}
	return true
}

// bearer is the token of `Authorization: Bearer TOKEN`; false where there is none.
func bearer(head Head) (string, bool) {
	value, _ := head.Field("Authorization")
	const scheme = "bearer "
	if len(value) < len(scheme) || !isWord(value[:len(scheme)], scheme) {
		return "", false
	}
	return trim(value[len(scheme):]), true
}

// isWord says whether text is a word of ASCII, in any case of ASCII: letters that are folded to
// those of ASCII have more bytes.
func isWord(text, word string) bool {
	return len(text) == len(word) && strings.EqualFold(text, word)
}

// trim is text without the white space of HTTP around it.
func trim(text string) string { return strings.Trim(text, " \t") }
