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
	// Field is the value of the first field line of that name, and how many there are.
	Field(name string) (value string, lines int)
	// Lines are the values of all field lines of that name.
	Lines(name string) []string
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
	if method == "CONNECT" {
		return target{}, nil
	}
	t, refusal := parseTarget(method, raw)
	if refusal != nil {
		return t, refusal
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

// single is the value of a field that may be given once; false where it is not given.
func single(head Head, name, spelled string) (string, bool, *problem.Problem) {
	value, lines := head.Field(name)
	if lines > 1 {
		return "", false, malformed("more than one " + spelled)
	}
	return value, lines == 1, nil
}

// hasElement says whether a field that is a list has an element, in any case.
func hasElement(head Head, name, element string) bool {
	for _, line := range head.Lines(name) {
		for one := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(one, " \t"), element) {
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
		if !strings.EqualFold(coding, "identity") {
			return problem.UnsupportedMediaType
		}
	}
	value, given, refusal := single(head, "Content-Type", "Content-Type")
	switch {
	case refusal != nil:
		return refusal
	case !given || value == "application/json" || isJSONType(value):
		return nil
	}
	return problem.UnsupportedMediaType
}

func isJSONType(value string) bool {
	media, parameters, _ := strings.Cut(value, ";")
	if !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return false
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		parameter = strings.TrimSpace(parameter)
		if parameter != "" && !strings.EqualFold(parameter, "charset=utf-8") &&
			!strings.EqualFold(parameter, `charset="utf-8"`) {
			return false
		}
	}
	return true
}

// bearer is the token of `Authorization: Bearer TOKEN`; false where there is none.
func bearer(head Head) (string, bool, *problem.Problem) {
	value, given, refusal := single(head, "Authorization", "Authorization")
	const scheme = "bearer "
	if !given || len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false, refusal
	}
	return strings.TrimSpace(value[len(scheme):]), true, nil
}
