//! The API: routes, JSON and protobuf shapes, tokens.

pub mod hunts;
pub mod messages;
mod requests;
mod responses;
mod routes;
mod socket;
pub mod token;
