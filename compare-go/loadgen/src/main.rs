//! `hunt-load`: the command line of the load generator.

fn main() {}
