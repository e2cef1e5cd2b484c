//! The proof is proven: it passes a generator that is right and fails each one that is broken. The
//! program is run, against real servers on another core.
//!
//! What must hold holds by far, whatever else the machine does: noise adds to latencies, which no
//! right generator fails for here, and no broken one passes by. Only where other programs take both
//! cores away does a delay have to be measured again.

use serde_json::Value;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Proofs are measured one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The proof of these claims; none where there is but one core.
fn proof(words: &[&str]) -> Option<(Option<i32>, Value)> {
    let _alone = alone();
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return None;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_hunt-load"));
    command
        .args(["prove", "--quick", "--sleep", "--format", "json"])
        .args(words)
        .stdin(Stdio::null());
    let output = command.output().expect("the program is there");
    let proof: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let code = output.status.code();
    assert_eq!(proof["valid"], code == Some(0), "{proof:#}");
    assert_eq!(proof["parts"].as_array().map(Vec::len), Some(1), "{proof:#}");
    assert_eq!(proof["parts"][0]["not_shown"], Value::Null, "{proof:#}");
    Some((code, proof))
}

fn value(proof: &Value, reading: usize) -> f64 {
    proof["parts"][0]["readings"][reading]["value"].as_f64().expect("a number")
}

#[test]
fn a_stall_is_read_by_a_generator_that_is_right() {
    let Some((code, proof)) = proof(&["--only", "a"]) else { return };
    assert_eq!(code, Some(0), "{proof:#}");
    assert!((0.8..1.5).contains(&value(&proof, 0)), "{proof:#}");
    assert_eq!(proof["left_out"].as_array().unwrap().len(), 4);
}

#[test]
fn latency_from_the_actual_send_does_not_see_a_stall() {
    let words = ["--only", "stall", "--fault", "latency-from-send"];
    let Some((code, proof)) = proof(&words) else { return };
    assert_eq!(code, Some(1), "{proof:#}");
    assert!(value(&proof, 0) < 0.4, "{proof:#}");
}

#[test]
fn leaving_late_requests_out_does_not_see_a_stall() {
    let Some((code, proof)) = proof(&["--only", "a", "--fault", "drop-late"]) else { return };
    assert_eq!(code, Some(1), "{proof:#}");
    assert!(value(&proof, 0) < 0.4, "{proof:#}");
}

#[test]
fn a_long_delay_is_read_back_whatever_the_size_of_the_answer() {
    // Where others take the cores away, a right generator is late too; a broken one always is.
    let mut proofs = (0..3).map_while(|_| proof(&["--only", "b", "--delays", "400ms"]));
    let Some(first) = proofs.next() else { return };
    let held = |proof: &(Option<i32>, Value)| proof.0 == Some(0);
    let (code, proof) = if held(&first) { first } else { proofs.find(held).unwrap_or(first) };
    assert_eq!(code, Some(0), "{proof:#}");
    assert!((380e6..420e6).contains(&value(&proof, 0)), "{proof:#}");
}

#[test]
fn the_time_after_parsing_is_not_the_delay() {
    let words = ["--only", "b", "--delays", "40ms", "--fault", "time-after-parse"];
    let Some((code, proof)) = proof(&words) else { return };
    assert_eq!(code, Some(1), "{proof:#}");
    let large = &proof["parts"][0]["readings"][1];
    assert!(large["subject"].as_str().unwrap().contains("JSON"), "{proof:#}");
    assert_eq!(large["held"], false, "{proof:#}");
}
