//! Quests in each kind of arena: their memory is counted, crosses threads and is given back whole.

use std::sync::Arc;
use std::thread;

use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use engine_core::arena::{Arena, Meter};
use engine_core::game::quest::Quest;
use engine_core::text::Id;

fn document(waypoints: usize, treasures: usize) -> String {
    let waypoints: Vec<_> = (0..waypoints)
        .map(|index| format!(r#"{{"x":{index},"y":0.5,"z":-1e3,"radius":1}}"#))
        .collect();
    let treasures: Vec<_> = (0..treasures)
        .map(|index| {
            let loot = r#"{"item":"\u0063oin","points":1}"#;
            format!(r#"{{"id":"t{index}","x":0,"y":0,"z":0,"radius":1,"loot":{loot}}}"#)
        })
        .collect();
    let (waypoints, treasures) = (waypoints.join(","), treasures.join(","));
    format!(r#"{{"name":"\u0051","waypoints":[{waypoints}],"treasures":[{treasures}]}}"#)
}

fn parse<A: Arena>(text: &str, scratch: &mut A, meter: &Arc<Meter>) -> Quest<A> {
    let id = Id::new("q").expect("a well-formed id");
    let quest = Quest::parse(id, text.as_bytes(), &*scratch, meter).expect("a valid quest");
    scratch.reset();
    quest
}

/// The lists of a quest, in bytes.
fn list_bytes<A: Arena>(quest: &Quest<A>) -> usize {
    size_of_val(&quest.waypoints[..])
        + size_of_val(&quest.treasures[..])
        + 2 * quest.treasures.len()
}

fn memory_is_given_back_whole_on_whatever_thread<A: Arena>() {
    let (scratch_meter, meter) = (Arc::new(Meter::default()), Arc::new(Meter::default()));
    let mut scratch = A::new(Arc::clone(&scratch_meter));
    let small = parse::<A>(&document(1, 1), &mut scratch, &meter);
    let level = meter.figures();
    assert!(level.bytes_held >= list_bytes(&small));

    let large = parse::<A>(&document(8_500, 700), &mut scratch, &meter);
    let full = meter.figures();
    assert!(full.bytes_held >= level.bytes_held + list_bytes(&large));
    assert_eq!(full.resets, 0);
    let sum = thread::spawn(move || {
        let sum: f64 = large.waypoints.iter().map(|waypoint| waypoint.at.x).sum();
        let index = large.treasure_index(&Id::new("t699").expect("a well-formed id"));
        (sum, index)
    });
    assert_eq!(sum.join().expect("the thread ends well"), (8_499.0 * 8_500.0 / 2.0, Some(699)));

    let after = meter.figures();
    assert_eq!((after.bytes_held, after.resets), (level.bytes_held, 1));
    assert!(after.bytes_high >= full.bytes_held);
    assert_eq!(small.waypoints.len(), 1, "the other quest is untouched");
    drop(small);
    assert_eq!((meter.figures().bytes_held, meter.figures().resets), (0, 2));

    assert_eq!(scratch_meter.figures().resets, 2);
    drop(scratch);
    assert_eq!(scratch_meter.figures().bytes_held, 0);
}

#[test]
fn memory_is_given_back_whole_by_the_heap_arena() {
    memory_is_given_back_whole_on_whatever_thread::<HeapArena>();
}

#[test]
fn memory_is_given_back_whole_by_the_bump_arena() {
    memory_is_given_back_whole_on_whatever_thread::<BumpArena>();
}

#[test]
fn a_region_is_hardly_larger_than_what_it_holds() {
    for (waypoints, treasures) in [(1, 1), (12, 3), (4_200, 40), (1, 1_024), (10_000, 1_024)] {
        let meter = Arc::new(Meter::default());
        let mut scratch = BumpArena::new(Arc::default());
        let quest = parse::<BumpArena>(&document(waypoints, treasures), &mut scratch, &meter);
        // bumpalo takes at least half a kibibyte, then powers of two, then pages.
        let bound = 512 + (2 * list_bytes(&quest)).min(list_bytes(&quest) + 8 * 1024);
        let held = meter.figures().bytes_held;
        assert!(held <= bound, "{held} bytes for {waypoints} and {treasures}, {bound} allowed");
    }
}
