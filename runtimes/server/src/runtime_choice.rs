//! Which runtime serves: the one that is named, or the best one that can start here.
//!
//! Knows the names and their order. Whether a backend can start here, it is told.

use backends::Backend;
use driver::Unavailable;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeChoice {
    /// Whichever is best here.
    Auto,
    /// This one.
    Named(Backend),
}

/// The words that choose a runtime, built in or not.
pub const WORDS: &[&str] =
    &["auto", "tokio", "tokio-per-core", "tokio-uring", "glommio", "monoio", "monoio-legacy"];

impl RuntimeChoice {
    /// The word that chooses it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Named(backend) => backend.name(),
        }
    }

    /// The choice of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            name => name.parse().ok().map(Self::Named),
        }
    }
}

/// The runtime in force, and how it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The runtime.
    pub backend: Backend,
    /// What was asked for.
    pub asked: RuntimeChoice,
    /// The better ones that cannot start here, best first.
    pub refused: Vec<(Backend, Unavailable)>,
}

impl Chosen {
    /// Why this one, for a person.
    #[must_use]
    pub fn why(&self) -> String {
        match (self.asked, self.refused.is_empty()) {
            (RuntimeChoice::Named(_), _) => "asked for by name".into(),
            (RuntimeChoice::Auto, true) => "auto: the best of this build starts here".into(),
            (RuntimeChoice::Auto, false) => {
                let refused = self.refused.iter();
                let causes: Vec<_> = refused.map(|(b, why)| cannot_start(*b, &why.cause)).collect();
                format!("auto: {}", causes.join("; "))
            }
        }
    }
}

/// Why nothing can serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRuntime {
    /// The one that was asked for cannot start here.
    #[error("{}; {}", cannot_start(*.0, &.1.cause), .1.remedy)]
    Named(Backend, Unavailable),
    /// None of this build can start here.
    #[error("no runtime of this build can start here{}", list(.0))]
    None(Vec<(Backend, Unavailable)>),
}

/// Chooses; `probe` says whether a runtime can start here.
///
/// # Errors
/// If what was asked for cannot start here, with the cause and the remedy.
pub fn choose(
    asked: RuntimeChoice,
    probe: impl Fn(Backend) -> Result<(), Unavailable>,
) -> Result<Chosen, NoRuntime> {
    if let RuntimeChoice::Named(backend) = asked {
        return match probe(backend) {
            Ok(()) => Ok(Chosen { backend, asked, refused: Vec::new() }),
            Err(why) => Err(NoRuntime::Named(backend, why)),
        };
    }
    let mut refused = Vec::new();
    for backend in Backend::AUTO.into_iter().filter(|backend| backend.is_built_in()) {
        match probe(backend) {
            Ok(()) => return Ok(Chosen { backend, asked, refused }),
            Err(why) => refused.push((backend, why)),
        }
    }
    Err(NoRuntime::None(refused))
}

fn cannot_start(backend: Backend, cause: &str) -> String {
    format!("the runtime {backend} cannot start here: {cause}")
}

fn list(refused: &[(Backend, Unavailable)]) -> String {
    refused.iter().map(|(backend, why)| format!("\n  {backend}: {why}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: Backend) -> Result<(), Unavailable> {
        Err(Unavailable::new("it is forbidden", "allow it"))
    }

    fn best() -> Backend {
        Backend::AUTO.into_iter().find(|backend| backend.is_built_in()).unwrap()
    }

    #[test]
    fn every_backend_has_a_word() {
        for word in WORDS {
            assert_eq!(RuntimeChoice::from_word(word).map(RuntimeChoice::as_str), Some(*word));
        }
        assert_eq!(WORDS.len(), 1 + Backend::ALL.len());
        assert_eq!(RuntimeChoice::from_word("tokyo"), None);
    }

    #[test]
    fn auto_takes_the_best_that_starts_and_says_why_not_a_better_one() {
        let chosen = choose(RuntimeChoice::Auto, |_| Ok(())).unwrap();
        assert_eq!((chosen.backend, chosen.refused.len()), (best(), 0));
        assert_eq!(chosen.why(), "auto: the best of this build starts here");
        let but_the_best = |backend| if backend == best() { none(backend) } else { Ok(()) };
        match choose(RuntimeChoice::Auto, but_the_best) {
            Ok(chosen) => {
                assert_ne!(chosen.backend, best());
                let expected =
                    format!("auto: the runtime {} cannot start here: it is forbidden", best());
                assert_eq!(chosen.why(), expected);
            }
            // A build of one runtime has nothing to fall back to.
            Err(error) => assert!(error.to_string().contains("it is forbidden; allow it")),
        }
    }

    #[test]
    fn a_runtime_that_is_named_is_never_replaced() {
        for backend in Backend::ALL {
            let error = choose(RuntimeChoice::Named(backend), none).unwrap_err().to_string();
            let expected =
                format!("the runtime {backend} cannot start here: it is forbidden; allow it");
            assert_eq!(error, expected);
            let chosen = choose(RuntimeChoice::Named(backend), |_| Ok(())).unwrap();
            assert_eq!((chosen.backend, chosen.why().as_str()), (backend, "asked for by name"));
        }
    }

    #[test]
    fn where_nothing_starts_every_cause_is_told() {
        let error = choose(RuntimeChoice::Auto, none).unwrap_err().to_string();
        let built_in = Backend::AUTO.into_iter().filter(|backend| backend.is_built_in());
        for backend in built_in {
            assert!(
                error.contains(&format!("\n  {backend}: it is forbidden; allow it")),
                "{error}"
            );
        }
    }
}
