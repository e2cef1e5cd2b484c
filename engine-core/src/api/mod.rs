//! The API: routes, JSON and protobuf shapes.

pub mod hunts;
pub mod json;
pub mod messages;
