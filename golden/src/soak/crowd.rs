//! Many clients at once, each of which makes one visit after the other.

use super::acts::{self, Client, Counts};
use anyhow::Result;
use fastrand::Rng;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

/// Clients that come and go at the same time.
pub const CLIENTS: usize = 48;

/// The clients.
#[derive(Debug)]
pub struct Crowd {
    to: SocketAddr,
    tokens: Vec<String>,
    seed: u64,
}

impl Crowd {
    /// Clients with these sessions, which choose by `seed`.
    #[must_use]
    pub fn new(to: SocketAddr, tokens: Vec<String>, seed: u64) -> Self {
        Self { to, tokens, seed }
    }

    /// What each of them chooses by: the same in every run, whichever comes first.
    fn random(&self, part: u64, index: usize) -> Rng {
        Rng::with_seed(self.seed ^ (part << 32) ^ ((index as u64) << 40))
    }

    /// All of them flood the server at the same moment, so that its tables and buffers are as large
    /// as they will ever be.
    pub fn crest(&self) {
        let counts = Counts::default();
        let all = Barrier::new(self.tokens.len());
        std::thread::scope(|scope| {
            for (index, token) in self.tokens.iter().enumerate() {
                let random = self.random(u64::from(u16::MAX), index);
                let mut client = Client { to: self.to, token, random, counts: &counts };
                let all = &all;
                scope.spawn(move || {
                    all.wait();
                    acts::flood(&mut client);
                });
            }
        });
    }

    /// They come and go until `work` has ended, and the last of them has left.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn while_they_come(
        &self,
        part: u64,
        counts: &Counts,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (index, token) in self.tokens.iter().enumerate() {
                let random = self.random(part, index);
                let mut client = Client { to: self.to, token, random, counts };
                let stop = &stop;
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        client.visit();
                    }
                });
            }
            let result = work();
            stop.store(true, Ordering::Relaxed);
            result
        })
    }
}
