//! `hunt-server`.

fn main() {}
