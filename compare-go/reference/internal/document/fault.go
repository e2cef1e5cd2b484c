// Package document reads the JSON that is sent to the server: quests, bodies of requests and
// WebSocket messages, into typed values, or their first fault with its path, line and column
// (R71 to R75).
//
// encoding/json cannot do this: it reports an offset of its own choosing after its own read-ahead,
// takes unknown and repeated fields or says nothing about where they are, and reads by reflection.
// What is read here refers to no byte of the document, so that its buffer can be used again.
package document

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// Limits of every document.
const (
	// DepthMax is how many brackets may be open at once.
	DepthMax = 16
	// PathKeyBytesMax is how many bytes of one key stand in a path, before it is escaped.
	PathKeyBytesMax = 64
)

// FaultCode is what can be wrong with a document.
type FaultCode uint8

// The faults of R72.
const (
	Syntax FaultCode = iota
	TrailingBytes
	WrongType
	UnknownField
	DuplicateField
	MissingField
	DuplicateID
	OutOfRange
)

var details = [...]string{
	Syntax:         "not well-formed JSON",
	TrailingBytes:  "bytes after the document",
	WrongType:      "a value of the wrong type",
	UnknownField:   "an unknown field",
	DuplicateField: "a field that was given before",
	MissingField:   "a field is missing",
	DuplicateID:    "an id that was given before",
	OutOfRange:     "a value out of its range",
}

// Detail is the `detail` of the problem document.
func (c FaultCode) Detail() string { return details[c] }

// Fault is the first fault of a document.
type Fault struct {
	// Code says what is wrong.
	Code FaultCode
	// Path is a JSON Pointer (RFC 6901) to the value at fault; empty for the whole document.
	Path string
	// Line counts from 1; a line ends with LF.
	Line uint32
	// Column counts from 1, in bytes.
	Column uint32
}

// A part of a path: a field's name, or an element's index where the name is empty. The fields that
// are known here have no empty names.
type part struct {
	name  string
	index int
}

// newFault is the fault code at the offset at of the document. What is not JSON has no paths.
func newFault(doc []byte, code FaultCode, at int, path string) *Fault {
	if code == Syntax || code == TrailingBytes {
		path = ""
	}
	before := doc[:at]
	line := bytes.Count(before, []byte{'\n'}) + 1
	column := at - (bytes.LastIndexByte(before, '\n') + 1) + 1
	return &Fault{Code: code, Path: path, Line: uint32(line), Column: uint32(column)}
}

// pointer writes parts as a JSON Pointer.
func pointer(parts []part) string {
	var path []byte
	for _, p := range parts {
		if p.name == "" {
			path = append(path, '/')
			path = strconv.AppendInt(path, int64(p.index), 10)
		} else {
			path = appendToken(path, p.name)
		}
	}
	return string(path)
}

// appendToken appends a reference token of RFC 6901, cut after the last whole character within
// [PathKeyBytesMax], so that a refusal is never much larger than what it refuses.
func appendToken(path []byte, key string) []byte {
	if len(key) > PathKeyBytesMax {
		end := PathKeyBytesMax
		for !utf8.RuneStart(key[end]) {
			end--
		}
		key = key[:end]
	}
	path = append(path, '/')
	for i := range len(key) {
		//= https://www.rfc-editor.org/rfc/rfc6901#section-3
		//# '~' needs to be encoded as '~0' and '/' needs to be encoded as '~1' when these
		//# characters appear in a reference token.
		switch key[i] {
		case '~':
			path = append(path, '~', '0')
		case '/':
			path = append(path, '~', '1')
		default:
			path = append(path, key[i])
		}
	}
	return path
}
