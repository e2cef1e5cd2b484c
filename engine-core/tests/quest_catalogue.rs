//! The catalogue: versions, which of them are kept, and its limit.

use std::sync::Arc;

use alloc_heap::HeapArena;
use engine_core::arena::{Arena, Meter};
use engine_core::error::Problem;
use engine_core::game::catalogue::{Catalogue, QUEST_VERSIONS_KEPT};
use engine_core::game::hash::Seed;
use engine_core::game::quest::Quest;
use engine_core::seam::Reply;
use engine_core::text::Id;

fn id(text: &str) -> Id {
    Id::new(text).expect("a well-formed id")
}

/// The quest `quest`, which has `waypoints` waypoints and so says which document it is.
fn parse(quest: &str, waypoints: usize, meter: &Arc<Meter>) -> Quest<HeapArena> {
    let waypoints = vec![r#"{"x":0,"y":0,"z":0,"radius":1}"#; waypoints].join(",");
    let treasure = r#"{"id":"t","x":0,"y":0,"z":0,"radius":1,"loot":{"item":"coin","points":1}}"#;
    let text = format!(r#"{{"name":"Q","waypoints":[{waypoints}],"treasures":[{treasure}]}}"#);
    let scratch = HeapArena::new(Arc::default());
    Quest::parse(id(quest), text.as_bytes(), &scratch, meter).expect("a valid quest")
}

/// Publishes it: its version, its waypoints, and whether it was created.
fn publish(catalogue: &mut Catalogue<HeapArena>, quest: Quest<HeapArena>) -> (u32, u32, bool) {
    let published = quest.id;
    match catalogue.publish(quest) {
        Reply::QuestPublished { quest, version, waypoints, treasures: 1, created } => {
            assert_eq!(quest, published);
            (version, waypoints, created)
        }
        other => panic!("not published: {other:?}"),
    }
}

#[test]
fn another_document_is_the_next_version_and_the_same_one_is_not() {
    let meter = Arc::default();
    let mut catalogue = Catalogue::new(Seed(1), 10);
    let mut put = |waypoints| publish(&mut catalogue, parse("q", waypoints, &meter));
    assert_eq!(put(1), (1, 1, true));
    assert_eq!(put(1), (1, 1, false));
    assert_eq!(put(2), (2, 2, false));
    assert_eq!(put(2), (2, 2, false));
    assert_eq!(put(1), (3, 1, false), "an earlier document is a new version again");
    assert_eq!(catalogue.len(), 1);
}

#[test]
fn the_latest_version_is_found_where_none_is_named() {
    let meter = Arc::default();
    let mut catalogue = Catalogue::new(Seed(1), 10);
    assert!(catalogue.is_empty());
    assert_eq!(catalogue.find(&id("q"), None).unwrap_err(), Problem::UnknownQuest);
    assert_eq!(catalogue.find(&id("q"), Some(1)).unwrap_err(), Problem::UnknownQuest);
    for waypoints in 1..=2 {
        publish(&mut catalogue, parse("q", waypoints, &meter));
    }
    publish(&mut catalogue, parse("r", 9, &meter));
    let found = |quest, version| {
        let quest = catalogue.find(&id(quest), version)?;
        Ok((quest.version, quest.waypoints.len()))
    };
    assert_eq!(found("q", None), Ok((2, 2)));
    assert_eq!(found("q", Some(1)), Ok((1, 1)));
    assert_eq!(found("q", Some(2)), Ok((2, 2)));
    assert_eq!(found("r", Some(1)), Ok((1, 9)));
    for unknown in [0, 3, u32::MAX] {
        assert_eq!(found("q", Some(unknown)), Err(Problem::UnknownQuestVersion), "{unknown}");
    }
}

#[test]
fn old_versions_are_freed_unless_they_are_played() {
    let meter = Arc::new(Meter::default());
    let mut catalogue = Catalogue::new(Seed(1), 10);
    publish(&mut catalogue, parse("q", 1, &meter));
    let played = catalogue.find(&id("q"), Some(1)).unwrap();
    let last = QUEST_VERSIONS_KEPT + 3;
    for waypoints in 2..=last {
        publish(&mut catalogue, parse("q", waypoints, &meter));
    }
    let versions = |catalogue: &Catalogue<HeapArena>| -> Vec<usize> {
        let known = |version: &usize| {
            let number = u32::try_from(*version).expect("a small number");
            catalogue.find(&id("q"), Some(number)).is_ok()
        };
        (1..=last + 1).filter(known).collect()
    };
    assert_eq!(versions(&catalogue), [1, 4, 5, 6, 7]);
    assert!(Arc::ptr_eq(&catalogue.find(&id("q"), Some(1)).unwrap(), &played));
    assert_eq!(meter.figures().resets, 2, "versions 2 and 3 are gone");

    drop(played);
    assert_eq!(versions(&catalogue), [4, 5, 6, 7]);
    assert_eq!(meter.figures().resets, 3);
    drop(catalogue);
    assert_eq!((meter.figures().resets, meter.figures().bytes_held), (7, 0));
}

#[test]
fn a_quest_too_many_is_refused_and_a_new_version_is_not() {
    let meter = Arc::new(Meter::default());
    let mut catalogue = Catalogue::new(Seed(1), 2);
    publish(&mut catalogue, parse("a", 1, &meter));
    publish(&mut catalogue, parse("b", 1, &meter));
    match catalogue.publish(parse("c", 1, &meter)) {
        Reply::Refused(refusal) => assert_eq!(refusal, Problem::QuestsFull.into()),
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(catalogue.find(&id("c"), None).unwrap_err(), Problem::UnknownQuest);
    assert_eq!(publish(&mut catalogue, parse("b", 2, &meter)), (2, 2, false));
    assert_eq!(catalogue.len(), 2);
}
