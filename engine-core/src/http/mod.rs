//! HTTP/1.1: request heads, body framing, responses (RFC 9110, RFC 9112).
