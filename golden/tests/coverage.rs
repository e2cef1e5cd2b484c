//! What the transcripts cover, held against the engine's own tables and the rules of the game.

use alloc_heap::HeapArena;
use engine_core::error::{FaultCode, Problem};
use engine_core::figures::{RouteName, STATUSES};
use engine_core::limits::LIMITS;
use engine_core::seam::{MoveOutcome, PowerUpOutcome, ResolveOutcome};
use golden::check::on_core_once;
use golden::config::Config;
use golden::coverage::{Coverage, rules};
use golden::library::Library;
use golden::peer::Cut;
use golden::protobuf;
use golden::transcript::Transcript;
use std::collections::BTreeSet;

fn transcripts() -> Vec<Transcript> {
    Library::of_checkout().read("").expect("the transcripts are well-formed")
}

fn coverage() -> Coverage {
    Coverage::of(&transcripts())
}

/// What of `wanted` is not in `covered`.
fn missing<T: Ord>(wanted: impl IntoIterator<Item = T>, covered: &BTreeSet<T>) -> Vec<T> {
    wanted.into_iter().filter(|item| !covered.contains(item)).collect()
}

#[test]
fn there_are_enough_exchanges() {
    assert!(coverage().exchanges >= 150);
}

#[test]
fn every_problem_is_met() {
    let slugs = Problem::ALL.iter().map(|problem| problem.slug().to_owned());
    assert_eq!(missing(slugs, &coverage().problems), [""; 0]);
}

#[test]
fn every_fault_of_a_document_is_met() {
    use FaultCode as F;
    let codes = [
        F::Syntax,
        F::TrailingBytes,
        F::WrongType,
        F::UnknownField,
        F::DuplicateField,
        F::MissingField,
        F::DuplicateId,
        F::OutOfRange,
    ];
    let details = codes.map(|code| code.detail().to_owned());
    assert_eq!(missing(details, &coverage().details), [""; 0]);
}

#[test]
fn every_route_answers() {
    let routes = RouteName::ALL.iter().filter(|route| **route != RouteName::None);
    let labels = routes.map(|route| route.label().to_owned());
    assert_eq!(missing(labels, &coverage().routes), [""; 0]);
}

#[test]
fn every_status_is_met() {
    let statuses = STATUSES.into_iter().filter(|status| *status != 0);
    assert_eq!(missing(statuses, &coverage().statuses), [0; 0]);
}

#[test]
fn every_close_code_of_ours_is_met() {
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009];
    assert_eq!(missing(codes, &coverage().close_codes), [0; 0]);
}

#[test]
fn every_outcome_is_met_in_both_encodings() {
    use PowerUpOutcome as P;
    use ResolveOutcome as R;
    let coverage = coverage();
    let resolves = [R::Claimed, R::AlreadyClaimed, R::TooFast, R::TooFar, R::NotOpen, R::Exhausted];
    let power_ups = [P::Used, P::Active, P::NoneLeft, P::NoEnergy].map(P::as_str);
    let moves = [MoveOutcome::Moved, MoveOutcome::TooFast].map(MoveOutcome::as_str);
    let words = resolves.map(R::as_str).into_iter().chain(power_ups).chain(moves);
    assert_eq!(missing(words.map(str::to_owned), &coverage.outcomes), [""; 0]);
    assert_eq!(missing(protobuf::enum_values(), &coverage.enum_values), [""; 0]);
}

#[test]
fn every_rule_is_shown_by_the_transcript_that_it_names() {
    let coverage = coverage();
    let rules = rules(include_str!("../RULES.md")).unwrap();
    let shown = |(number, file): &(&u32, &String)| {
        coverage.rules.get(*number).is_some_and(|files| files.contains(*file))
    };
    let not_shown: Vec<_> = rules.iter().filter(|rule| !shown(rule)).collect();
    assert!(not_shown.is_empty(), "no section of the transcript has the number: {not_shown:?}");
    let unknown: Vec<_> = coverage.rules.keys().filter(|n| !rules.contains_key(n)).collect();
    assert!(unknown.is_empty(), "no such rules: {unknown:?}");
}

/// Limits whose crossing nobody outside can see: the answers come all the same.
const UNSEEN: [&str; 1] = ["pipeline_max"];

#[test]
fn every_limit_is_crossed_by_a_section_that_fails_without_it() {
    let config = Config::read().unwrap();
    let transcripts = transcripts();
    let mut crossed = BTreeSet::new();
    for transcript in &transcripts {
        let names: BTreeSet<_> = transcript.sections.iter().flat_map(|s| &s.crosses).collect();
        for name in names {
            let row = LIMITS.iter().find(|row| row.name == name).expect(name);
            let mut limits = config.limits.clone();
            limits.set(name, row.max).unwrap();
            let played = on_core_once::<HeapArena>(&config, &limits, transcript, Cut::Whole, false);
            for section in transcript.sections.iter().filter(|s| s.crosses.contains(name)) {
                let fails = played.failures.iter().any(|f| f.section == section.title);
                assert!(fails || UNSEEN.contains(&row.name), "{} {name}", section.place);
            }
            crossed.insert(row.name);
        }
    }
    assert_eq!(missing(LIMITS.iter().map(|row| row.name), &crossed), [""; 0]);
}
