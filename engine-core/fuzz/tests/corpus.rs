//! Every target on its kept corpus and a few thousand mutations of it, and proof that a broken
//! target is found.

use engine_fuzz::fuzzer::{Finding, Fuzzer, shrink};
use engine_fuzz::{Target, corpus, signature, targets};
use std::time::Duration;

const RUNS: u32 = 3_000;

fn search(target: Target, runs: u32) -> Result<Fuzzer, Finding> {
    let mut fuzzer = Fuzzer::new(target, 1);
    let inputs = corpus::load(target.name).expect("a corpus");
    assert!(!inputs.is_empty(), "{} has no corpus", target.name);
    inputs.iter().try_for_each(|(_, input)| fuzzer.replay(input))?;
    (0..runs).try_for_each(|_| fuzzer.step())?;
    Ok(fuzzer)
}

fn holds(name: &str) {
    match search(targets::find(name).expect("a target"), RUNS) {
        // With fewer, the corpus does not get past the first refusal.
        Ok(fuzzer) => assert!(fuzzer.signatures() >= 10, "{} signatures", fuzzer.signatures()),
        Err(Finding { input, message }) => {
            panic!("{message}\nby {:?}", String::from_utf8_lossy(&input))
        }
    }
}

macro_rules! holds {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                holds(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_tested_and_has_a_name_of_its_own() {
            let names: Vec<_> = targets::ALL.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

holds! { http_head body_framing ws_frames protobuf quest_json session split tungstenite }

/// Panics on a request that no seed is, and that no single change of a seed makes: a mutation has
/// to find each part on the way, led by the notes.
fn canary(data: &[u8]) {
    targets::http_head(data);
    let has = |word: &[u8]| data.windows(word.len()).any(|window| window == word);
    let parts = [has(b"OPTIONS * "), has(b"\t"), has(b"gzip"), has(b"%2f")];
    for part in parts {
        signature::note("part", u64::from(part));
    }
    assert!(!parts.iter().all(|part| *part), "the canary sings");
}

#[test]
fn a_broken_target_is_found_shrunk_and_found_again() {
    let target = Target { run: canary, ..targets::find("http_head").unwrap() };
    let finding = search(target, 200_000).unwrap_err();
    assert_eq!(finding.message, "the canary sings");
    let small = shrink(target, finding.clone(), Duration::from_secs(5));
    assert!(small.input.len() <= finding.input.len() && small.input.len() < 64);
    assert_eq!(Fuzzer::new(target, 0).replay(&small.input), Err(small));
}

#[test]
fn one_seed_gives_one_search() {
    let target = targets::find("body_framing").unwrap();
    let [first, second] = [(); 2].map(|()| search(target, 500).unwrap());
    assert_eq!(first.found(), second.found());
    assert!(!first.found().is_empty());
}
