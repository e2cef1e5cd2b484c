//! The words of sharing between threads: std's, or loom's where loom explores the interleavings.

#[cfg(loom)]
pub(crate) use loom::sync::Mutex;
#[cfg(not(loom))]
pub(crate) use std::sync::Mutex;
