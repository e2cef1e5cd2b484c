//! Profiles follow one another, are written, and hold what was asked for while they ran.

use alloc_dhat::{GLOBAL, Global, WITNESS, begin, begin_counting, counts, end};
use alloc_witness::{Seen, Witness};
use std::hint::black_box;
use std::path::Path;

#[global_allocator]
static ALLOCATOR: Global = GLOBAL;

/// Blocks that a written profile holds.
fn blocks(file: &Path) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let profile: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(profile["mode"], "rust-heap");
    profile["pps"].as_array().unwrap().iter().map(|point| point["tbk"].as_u64().unwrap()).sum()
}

/// One test, since all threads are counted.
#[test]
fn profiles_follow_one_another_and_hold_what_was_asked_for() {
    assert_eq!(counts(), None);
    assert!(!WITNESS.serves(), "without a profile it cannot be seen");
    assert_eq!(WITNESS.figures().asked, None);

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [first, second] = ["first.json", "second.json"].map(|name| folder.join(name));
    begin(&first);
    let held: Vec<_> = (0..100_u8).map(|byte| black_box(vec![byte; 10])).collect();
    let seen = Seen::look(&WITNESS, &[]);
    assert_eq!((seen.allocator, seen.instrument), ("system", Some("dhat")));
    begin(&second);
    drop(held);
    end();
    assert!(blocks(&first) >= 101, "{}", blocks(&first));
    assert!(blocks(&second) < 10, "what was given back only is not in the second");

    begin_counting();
    let before = counts().unwrap();
    let mut held = black_box(Vec::<u8>::with_capacity(10));
    held.reserve_exact(1_000);
    let after = counts().unwrap();
    assert_eq!((after.blocks - before.blocks, after.bytes - before.bytes), (2, 1_010));
    assert_eq!(after.bytes_held - before.bytes_held, 1_000);
    assert!(WITNESS.figures().asked.unwrap().requests >= 2);
    drop(held);
    end();
    assert_eq!(counts(), None);
}
