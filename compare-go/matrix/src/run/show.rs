//! What is shown while a plan is done.

/// Where progress goes.
pub trait Show {
    /// Something begins that takes a while.
    fn step(&mut self, text: &str);
}
