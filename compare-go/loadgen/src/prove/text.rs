//! A proof as people read it.

use super::{Claim, Part, Proof};
use crate::plan::Fault;
use crate::quantity::rate;
use crate::report::paint::Paint;
use crate::report::table::table;
use crate::report::text::{mark, sign};
use std::fmt::Write;

/// Writes a proof.
#[must_use]
pub fn write(proof: &Proof, paint: Paint) -> String {
    let mut text = paint.title("Proof that the generator measures what it says");
    let cpu = proof.environment.cpu.as_deref().unwrap_or("an unknown CPU");
    let _ = writeln!(
        text,
        "\n  servers on core {}, generator (and wrk) on core {}; {cpu}, kernel {}",
        proof.server_core, proof.generator_core, proof.environment.kernel,
    );
    if proof.fault != Fault::None {
        let fault = format!("the generator is made to measure wrongly: {:?}", proof.fault);
        let _ = writeln!(text, "  {}", paint.bad(&fault));
    }
    for part in &proof.parts {
        text.push('\n');
        text += &one(part, paint);
    }
    text.push('\n');
    text += &verdict(proof, paint);
    text
}

fn one(part: &Part, paint: Paint) -> String {
    let (letter, name) = (part.claim.letter(), part.claim.name());
    let word = if part.held() { "proven" } else { "NOT PROVEN" };
    let title = paint.title(&format!("{letter} {name}"));
    let mut text = format!("{title}: {}\n  {}\n", mark(part.held(), word, paint), part.what);
    let rounds = part.readings.iter().map(|reading| reading.rounds.len()).max();
    if let Some(rounds) = rounds.filter(|rounds| *rounds > 1) {
        let _ = writeln!(text, "  medians of {rounds} rounds");
    }
    let rows: Vec<Vec<String>> = part
        .readings
        .iter()
        .map(|reading| {
            let (shown, limit) = (reading.shown.clone(), reading.limit.clone());
            vec![reading.subject.clone(), shown, limit, sign(reading.held, Paint::NONE)]
        })
        .collect();
    text += &table(&rows);
    if let Some(why) = &part.not_shown {
        let _ = writeln!(text, "  {}", paint.bad(&format!("not shown: {why}")));
    }
    text
}

fn verdict(proof: &Proof, paint: Paint) -> String {
    let word = if proof.valid { "valid" } else { "NOT VALID: results are not to be trusted" };
    let mut text = format!("{}: {}", paint.title("Result"), mark(proof.valid, word, paint));
    if let Some(proven) = proof.rate_proven_per_s.filter(|_| proof.valid) {
        let _ = write!(text, ", up to {} on one core", rate(proven));
    }
    text.push('\n');
    if !proof.left_out.is_empty() {
        let names: Vec<&str> = proof.left_out.iter().map(|claim: &Claim| claim.name()).collect();
        let _ = writeln!(text, "  left out: {}", names.join(", "));
    }
    text
}
