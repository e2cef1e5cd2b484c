//! A client's frames become the messages that RFC 6455 says, however the bytes are cut.

mod peer;
mod rules;
mod splits;
mod tungstenite_peer;
