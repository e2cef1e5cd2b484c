//! Proofs of a generator that is a small script.

use super::*;
use crate::bundle::observed::Observed;
use crate::run::programs::scripts::{Folder, script};
use std::fs;

/// Prints a proof and ends with this code.
fn proves(valid: bool, code: u8) -> String {
    let proof = format!(
        r#"{{"schema":1,"valid":{valid},"left_out":[],"rate_proven_per_s":50000.0,"more":[1]}}"#
    );
    format!("echo \"$@\" >> args; echo 'hunt-load: a stall' >&2; echo '{proof}'; exit {code}")
}

struct Checkout {
    folder: Folder,
    shown: Vec<String>,
    wrk: PathBuf,
}

impl Checkout {
    fn new() -> Self {
        let folder = Folder::new("prove");
        let wrk = script(&folder, "wrk", "echo wrk 4.1; exit 1");
        Self { folder, shown: Vec::new(), wrk }
    }

    fn first(&mut self, extent: Extent, text: &str) -> anyhow::Result<Proof> {
        self.prove(1, &[], extent, text)
    }

    fn prove(
        &mut self,
        number: u32,
        before: &[Proof],
        extent: Extent,
        text: &str,
    ) -> anyhow::Result<Proof> {
        script(&self.folder, "target/matrix/hunt-load", text);
        let generator = Program {
            path: "target/matrix/hunt-load".into(),
            build: CommandLine::default(),
            sha256: "digest".into(),
            bytes: 1,
            stripped_bytes: Observed::Is(1),
        };
        let attempt = Attempt { number, before };
        let cores = Cores { server: vec![3, 4], generator: vec![7] };
        let Self { folder, shown, wrk } = self;
        let stop = Stop::default();
        prove_with(&folder.path, &generator, attempt, extent, &cores, shown, &stop, wrk)
    }

    fn args(&self) -> String {
        fs::read_to_string(self.folder.path.join("args")).unwrap_or_default()
    }
}

#[test]
fn a_proof_is_kept_as_it_was_printed() {
    let mut checkout = Checkout::new();
    let proof = checkout.first(Extent::Normal, &proves(true, 0)).unwrap();
    assert_eq!(checkout.args(), "prove --format json --server-core 3 --core 7\n");
    assert_eq!(proof.command.args.join(" "), checkout.args().trim());
    assert!(proof.holds() && !again(std::slice::from_ref(&proof)));
    assert!(proof.printed.get().ends_with(r#""more":[1]}"#), "{}", proof.printed);
    assert_eq!(proof.generator_sha256, "digest");
    assert_eq!(checkout.shown, ["let the generator prove itself"]);
}

#[test]
fn a_proof_that_does_not_hold_is_recorded_and_made_again_and_then_at_fewer_rates() {
    let mut checkout = Checkout::new();
    let mut sitting = Vec::new();
    for number in 4..=6 {
        assert!(again(&sitting), "{number}");
        let failed = proves(false, 1);
        let proof = checkout.prove(number, &sitting, Extent::Quick, &failed).unwrap();
        assert!(!proof.holds() && proof.number == number);
        sitting.push(proof);
    }
    assert!(!again(&sitting));
    let args = checkout.args();
    let ends: Vec<&str> =
        args.lines().map(|line| line.split(" --core 7 ").last().unwrap()).collect();
    assert_eq!(ends, ["--quick", "--quick", "--quick --rates 1000,10000,50000"]);
}

#[test]
fn where_no_rate_or_every_rate_held_fewer_rates_change_nothing() {
    let mut checkout = Checkout::new();
    for rate in ["null", "100000.0"] {
        let failed = proves(false, 1).replace("50000.0", rate);
        let proof = checkout.first(Extent::Quick, &failed).unwrap();
        assert!(again(std::slice::from_ref(&proof)));
        assert!(!again(&[proof.clone(), proof]), "{rate}");
    }
}

#[test]
fn without_wrk_the_rest_is_proven_and_the_remedy_is_shown() {
    let mut checkout = Checkout::new();
    checkout.wrk = "no-such-wrk".into();
    let proof = checkout.first(Extent::Quick, &proves(true, 0)).unwrap();
    assert!(checkout.args().ends_with(" --only a,b,c,d\n"), "{}", checkout.args());
    assert!(proof.holds());
    let shown = &checkout.shown[0];
    assert!(shown.contains("(e) is not proven; install it with `apt-get install wrk`"), "{shown}");
}

#[test]
fn what_is_no_proof_is_an_error() {
    let mut checkout = Checkout::new();
    let mut error = |text: &str| format!("{:#}", checkout.first(Extent::Quick, text).unwrap_err());
    let refused = error("echo 'core 7 is not to be had' >&2; exit 2");
    assert!(refused.contains("core 7 is not to be had"), "{refused}");
    let silent = error("exit 0");
    assert!(silent.contains("printed no proof"), "{silent}");
    let lies = error(&proves(true, 1));
    assert!(lies.contains("said otherwise"), "{lies}");
}
