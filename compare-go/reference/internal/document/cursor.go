package document

// The steps of the reader below whole values: brackets, keys, punctuation, and faults. Those that
// can fail return whether they did not; what is refused is the reader's first fault.

// peek skips whitespace and returns the next byte, which is not taken; 0 at the end, and for a NUL,
// with which nothing can begin either.
func (r *reader) peek() byte {
	if r.at < len(r.doc) && r.doc[r.at] > ' ' {
		return r.doc[r.at]
	}
	if r.at = skipSpace(r.doc, r.at); r.at < len(r.doc) {
		return r.doc[r.at]
	}
	return 0
}

// begin says whether the next value is of the type that is asked for, as its first byte tells.
func (r *reader) begin(right bool) bool {
	return r.fault == nil && (right || r.refuseValue(WrongType))
}

// number takes a number: its text, and where it begins.
func (r *reader) number() ([]byte, int) {
	first := r.peek()
	if !r.begin(first == '-' || isDigit(first)) {
		return nil, 0
	}
	from := r.at
	end, ok := scanNumber(r.doc, from)
	if !ok {
		r.refuse(Syntax, end)
		return nil, 0
	}
	r.at = end
	return r.doc[from:end], from
}

// key takes a key and returns which of the fields it is; −1 after a fault. Authors keep the order
// of the rules, so likeliest is the field to look at first.
func (r *reader) key(fields []field, likeliest int) int {
	from := r.at
	if from == len(r.doc) || r.doc[from] != '"' {
		r.refuse(Syntax, from)
		return -1
	}
	end, escaped, ok := scanString(r.doc, from)
	if !ok {
		r.refuse(Syntax, end)
		return -1
	}
	r.at = end
	key := r.doc[from+1 : end-1]
	if escaped {
		key = unescape(key)
	}
	if likeliest < len(fields) && fields[likeliest].name == string(key) {
		return likeliest
	}
	for i := range fields {
		if fields[i].name == string(key) {
			return i
		}
	}
	r.refuseBelow(UnknownField, from, string(key))
	return -1
}

func (r *reader) open(bracket byte) bool {
	if !r.begin(r.peek() == bracket) {
		return false
	}
	if r.depth == DepthMax {
		return r.refuse(Syntax, r.at)
	}
	r.depth++
	r.at++
	return true
}

// close takes the closing bracket, which is next.
func (r *reader) close() {
	r.depth--
	r.at++
}

func (r *reader) punctuation(b byte) bool {
	if r.peek() != b {
		return r.refuse(Syntax, r.at)
	}
	r.at++
	return true
}

// separator takes a comma and what space follows it, or finds the closing bracket, which is not
// taken: that is the end.
func (r *reader) separator(bracket byte) (end, ok bool) {
	if r.peek() == bracket {
		return true, true
	}
	if !r.punctuation(',') {
		return false, false
	}
	r.peek()
	return false, true
}

func (r *reader) enter(p part) {
	r.parts[r.len] = p
	r.len++
}

// refuse keeps a fault at an offset. It returns false, for its callers to return.
func (r *reader) refuse(code FaultCode, at int) bool {
	if r.fault == nil {
		r.fault = newFault(r.doc, code, at, pointer(r.parts[:r.len]))
	}
	return false
}

// refuseBelow keeps a fault of the field key of the object that is being read.
func (r *reader) refuseBelow(code FaultCode, at int, key string) bool {
	if r.fault == nil {
		path := appendToken([]byte(pointer(r.parts[:r.len])), key)
		r.fault = newFault(r.doc, code, at, string(path))
	}
	return false
}

// refuseValue keeps a fault of the next value, if one begins there at all.
func (r *reader) refuseValue(code FaultCode) bool {
	if !beginsValue(r.peek()) {
		code = Syntax
	}
	return r.refuse(code, r.at)
}
