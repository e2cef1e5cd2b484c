package document

import (
	"math"
	"strconv"
)

// reader reads one document, value by value, in the order in which it is written. It keeps the
// first fault; after that every method does nothing and returns a zero value, so that a caller
// looks for the fault once, at the end.
type reader struct {
	doc   []byte
	at    int
	depth int
	// Where the key of the field begins that is being read.
	keyAt int
	// The path to the value that is being read: at most one part for each open bracket.
	parts [DepthMax]part
	len   int
	fault *Fault
}

// A field of one kind of object.
type field struct {
	name     string
	required bool
}

func required(name string) field { return field{name: name, required: true} }
func optional(name string) field { return field{name: name} }

// An object that is being read, by
//
//	for o := newObject(fields); r.next(&o); {
//		switch o.index { ... }
//	}
//
// where each turn reads the value of the field with that index.
type object struct {
	// fields has at most 32 fields, in the order of the rules.
	fields []field
	index  int
	seen   uint32
	begun  bool
}

func newObject(fields []field) object { return object{fields: fields} }

// next moves to the next field of an object, and to its end when there is none.
func (r *reader) next(o *object) bool {
	if r.fault != nil {
		return false
	}
	likeliest := 0
	if o.begun {
		likeliest = o.index + 1
		r.len--
		if end, ok := r.separator('}'); end || !ok {
			return end && r.endObject(o)
		}
	} else {
		o.begun = true
		if !r.open('{') {
			return false
		}
		if r.peek() == '}' {
			return r.endObject(o)
		}
	}
	keyAt := r.at
	if o.index = r.key(o.fields, likeliest); o.index < 0 {
		return false
	}
	r.enter(part{name: o.fields[o.index].name})
	bit := uint32(1) << o.index
	if o.seen&bit != 0 {
		return r.refuse(DuplicateField, keyAt)
	}
	o.seen |= bit
	r.keyAt = keyAt
	return r.punctuation(':')
}

// endObject takes the closing brace, which is next. It returns false: there is no further field.
func (r *reader) endObject(o *object) bool {
	for i, field := range o.fields {
		if field.required && o.seen&(1<<i) == 0 {
			return r.refuseBelow(MissingField, r.at, field.name)
		}
	}
	r.close()
	return false
}

// A list that is being read, as an object is: each turn reads the element with that index.
type list struct {
	index    int
	min, max int
	begun    bool
}

// element moves to the next element of a list, and to its end when there is none.
func (r *reader) element(l *list) bool {
	if r.fault != nil {
		return false
	}
	if l.begun {
		r.len--
		l.index++
		if end, ok := r.separator(']'); end || !ok {
			return end && r.endList(l)
		}
	} else {
		l.begun = true
		if !r.open('[') {
			return false
		}
		if r.peek() == ']' {
			return r.endList(l)
		}
	}
	if l.index == l.max {
		return r.refuseValue(OutOfRange)
	}
	r.enter(part{index: l.index})
	return true
}

// endList takes the closing bracket, which is next. It returns false.
func (r *reader) endList(l *list) bool {
	if l.index < l.min {
		return r.refuse(OutOfRange, r.at)
	}
	r.close()
	return false
}

// text reads a string. The text is good until the document is changed.
func (r *reader) text() (text []byte, from int) {
	if !r.begin(r.peek() == '"') {
		return nil, 0
	}
	from = r.at
	end, escaped, ok := scanString(r.doc, from)
	if !ok {
		r.refuse(Syntax, end)
		return nil, 0
	}
	r.at = end
	text = r.doc[from+1 : end-1]
	if escaped {
		text = unescape(text)
	}
	return text, from
}

// parsed reads a string that parse knows; any other is out of range.
func parsed[T any](r *reader, parse func([]byte) (T, bool)) (value T) {
	text, from := r.text()
	if r.fault != nil {
		return value
	}
	value, ok := parse(text)
	if !ok {
		r.refuse(OutOfRange, from)
	}
	return value
}

// float reads a number that is finite as a double and that accept takes; −0 becomes 0.
func (r *reader) float(accept func(float64) bool) float64 {
	text, from := r.number()
	if r.fault != nil {
		return 0
	}
	// A number of JSON is one of Go; what is too large is infinite.
	value, _ := strconv.ParseFloat(string(text), 64)
	if math.IsInf(value, 0) || !accept(value) {
		r.refuse(OutOfRange, from)
		return 0
	}
	// Adding 0 turns −0 into 0 and changes nothing else.
	return value + 0
}

// uint reads a whole number from low to high. Neither sign, point nor exponent is a digit.
func (r *reader) uint(low, high uint32) uint32 {
	text, from := r.number()
	if r.fault != nil {
		return 0
	}
	value := uint64(0)
	for _, b := range text {
		if value = value*10 + uint64(b-'0'); !isDigit(b) || value > uint64(high) {
			r.refuse(OutOfRange, from)
			return 0
		}
	}
	if value < uint64(low) {
		r.refuse(OutOfRange, from)
	}
	return uint32(value)
}

// null takes null, where it is next; any other value is left.
func (r *reader) null() bool {
	if r.fault != nil || r.peek() != 'n' {
		return false
	}
	end, ok := scanWord(r.doc, r.at, "null")
	if !ok {
		return r.refuse(Syntax, end)
	}
	r.at = end
	return true
}

// end takes the end of the document, and returns the first fault.
func (r *reader) end() *Fault {
	if r.fault == nil && (r.peek() != 0 || r.at < len(r.doc)) {
		r.refuse(TrailingBytes, r.at)
	}
	return r.fault
}

// refuseKey is the fault code at the key of the field that is being read, before its value is.
func (r *reader) refuseKey(code FaultCode) { r.refuse(code, r.keyAt) }

// missing is the fault that a field is missing in the object that was just read.
func (r *reader) missing(name string) {
	if r.fault == nil {
		r.refuseBelow(MissingField, r.at-1, name)
	}
}
