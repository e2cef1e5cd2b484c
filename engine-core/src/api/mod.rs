//! The API: routes, JSON and protobuf shapes, tokens.

pub mod hunts;
pub mod json;
pub mod messages;
mod requests;
mod responses;
mod routes;
mod socket;
pub mod token;
