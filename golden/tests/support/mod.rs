//! A server for tests of the player, that says what it is told to.

use golden::pattern::Clock;
use golden::peer::{Conn, Peer, Read, Unable, Wait};
use std::collections::VecDeque;

/// A server that says the next of its answers to whatever it is sent.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) answers: VecDeque<&'static [u8]>,
    pub(crate) arrived: Vec<u8>,
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) ends: bool,
    pub(crate) gone: bool,
}

impl Fake {
    pub(crate) fn of(answers: &[&'static [u8]]) -> Self {
        Self { answers: answers.iter().copied().collect(), ..Self::default() }
    }
}

impl Peer for Fake {
    fn connect(&mut self, _: bool) -> Result<Conn, String> {
        Ok(0)
    }
    fn send(&mut self, _: Conn, bytes: &[u8]) {
        self.sent.push(bytes.to_vec());
        self.arrived.extend_from_slice(self.answers.pop_front().unwrap_or_default());
    }
    fn receive(&mut self, _: Conn, _: Wait, buf: &mut Vec<u8>) -> Read {
        if !self.arrived.is_empty() {
            buf.append(&mut self.arrived);
            return Read::Some;
        }
        if self.ends { Read::Ended } else { Read::Nothing }
    }
    fn end_sending(&mut self, _: Conn) {}
    fn cut(&mut self, _: Conn) {}
    fn is_gone(&mut self, _: Conn) -> bool {
        self.gone
    }
    fn reading(&mut self, _: Conn, _: bool) -> Result<(), Unable> {
        Err(Unable("not here".into()))
    }
    fn advance(&mut self, _: u32) {}
    fn clock(&self) -> Clock {
        Clock::Virtual(0)
    }
    fn drain(&mut self) -> Result<(), Unable> {
        Ok(())
    }
    fn fail_store(&mut self) -> Result<(), Unable> {
        Ok(())
    }
}
