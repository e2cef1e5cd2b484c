//! The game's API as a [`Service`].

use crate::service::Service;

/// The game's API.
#[derive(Debug)]
pub struct Hunts {}

impl Service for Hunts {
    type Route = ();
}
