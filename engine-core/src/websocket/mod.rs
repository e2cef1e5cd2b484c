//! WebSocket: handshake, frames, messages (RFC 6455).
