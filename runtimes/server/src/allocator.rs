//! The allocator that the process runs on, as it was seen at the start; one for the process, as the
//! allocator itself is.

use alloc_witness::{Figures, Seen, Witness};
use std::sync::OnceLock;

/// The witness of the system's allocator, for programs that install none.
pub static SYSTEM: &dyn Witness = &alloc_system::WITNESS;

static ALLOCATOR: OnceLock<Allocator> = OnceLock::new();

#[derive(Debug)]
struct Allocator {
    witness: &'static dyn Witness,
    seen: Seen,
}

/// Looks which allocator serves, where `installed` was built in. The first call holds.
pub fn look(installed: &'static dyn Witness) {
    ALLOCATOR.get_or_init(|| {
        let seen = Seen::look(installed, &[SYSTEM]);
        Allocator { witness: if seen.is_as_installed() { installed } else { SYSTEM }, seen }
    });
}

fn allocator() -> &'static Allocator {
    look(SYSTEM);
    ALLOCATOR.get().expect("it was looked at")
}

/// Which allocator serves the process.
#[must_use]
pub fn seen() -> &'static Seen {
    &allocator().seen
}

/// What it holds now; nothing is known of one that is unknown.
#[must_use]
pub fn figures() -> Figures {
    let Allocator { witness, seen } = allocator();
    if seen.allocator == witness.name() { witness.figures() } else { Figures::default() }
}

/// A line for people.
#[must_use]
pub fn describe(seen: &Seen) -> String {
    let mut text = format!("{} {}", seen.allocator, seen.version);
    text.truncate(text.trim_end().len());
    if let Some(instrument) = seen.instrument {
        text.push_str(&format!(", under {instrument}"));
    }
    if !seen.is_as_installed() {
        text.push_str(&format!(", though {} was built in", seen.installed));
    }
    text
}

/// What is wrong, where another one serves than was built in.
#[must_use]
pub fn warning(seen: &Seen) -> Option<String> {
    let text = || {
        format!(
            "the allocator is {}; figures of speed and memory are not those of {}",
            describe(seen),
            seen.installed
        )
    };
    (!seen.is_as_installed()).then(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(allocator: &'static str, version: &str) -> Seen {
        Seen { allocator, version: version.into(), installed: "mimalloc", instrument: None }
    }

    #[test]
    fn one_that_is_not_as_built_is_told_apart() {
        assert_eq!(describe(&seen("mimalloc", "2.3.2")), "mimalloc 2.3.2");
        assert_eq!(
            describe(&seen("system", "glibc 2.41")),
            "system glibc 2.41, though mimalloc was built in"
        );
        assert_eq!(describe(&seen("unknown", "")), "unknown, though mimalloc was built in");
        assert_eq!(warning(&seen("mimalloc", "2.3.2")), None);
        let warning = warning(&seen("unknown", "")).unwrap();
        assert!(warning.contains("is unknown, though mimalloc"), "{warning}");
        let counted = Seen { instrument: Some("counting"), ..seen("mimalloc", "2.3.2") };
        assert_eq!(describe(&counted), "mimalloc 2.3.2, under counting");
    }

    #[test]
    fn a_program_that_installs_none_runs_on_the_systems() {
        assert_eq!(super::seen().allocator, "system");
        assert!(figures().allocated_bytes.unwrap() > 0);
    }
}
