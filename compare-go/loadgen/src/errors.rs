//! What goes wrong with a server, by kind, and the first few of each kind as they were.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($name:ident = $word:literal, $what:literal;)*) => {
        /// A kind of error. Each error is counted once, as the first of these that it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorKind {
            $(#[doc = $what] $name,)*
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word for it in reports.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it means, for people.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

kinds! {
    Refused = "refused", "a connection was refused";
    ConnectTimeout = "connect_timeout", "a connection was not there in time";
    Reset = "reset", "the server reset a connection";
    ClosedEarly = "closed_early", "the server ended a connection before it had answered";
    Timeout = "timeout", "no answer came within the time-out";
    Unanswered = "unanswered", "no answer had come when the run ended";
    Malformed = "malformed", "the bytes that came are not the protocol";
    Handshake = "handshake", "a WebSocket handshake was not answered as it must be";
    Status = "status", "an answer had another status than it must have";
    Wrong = "wrong", "an answer was not right";
    Missed = "missed", "broadcasts that were due did not come";
    Unasked = "unasked", "an answer came that nobody asked for";
    Socket = "socket", "the system refused a socket or an operation on it";
    Worker = "worker", "a worker of the generator ended by itself";
}

/// The most samples that are kept of a kind.
pub const SAMPLES_MAX: usize = 5;
/// The most bytes of what a server sent that a sample shows.
pub const SAMPLE_BYTES_MAX: usize = 300;

/// An error as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// What kind it is.
    pub kind: ErrorKind,
    /// What happened, in one line.
    pub text: String,
}

/// Errors by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    counts: std::collections::BTreeMap<ErrorKind, u64>,
    samples: Vec<Sample>,
}

impl Errors {
    /// Counts an error. The text is made only while few of its kind are known.
    pub fn record(&mut self, kind: ErrorKind, text: impl FnOnce() -> String) {
        self.record_many(kind, 1, text);
    }

    /// Counts several errors that are alike.
    pub fn record_many(&mut self, kind: ErrorKind, count: u64, text: impl FnOnce() -> String) {
        if count == 0 {
            return;
        }
        *self.counts.entry(kind).or_default() += count;
        if self.samples_of(kind) < SAMPLES_MAX {
            self.samples.push(Sample { kind, text: text() });
        }
    }

    /// Adds what another one has counted, and keeps the first samples.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.counts {
            *self.counts.entry(*kind).or_default() += count;
        }
        for sample in &other.samples {
            if self.samples_of(sample.kind) < SAMPLES_MAX {
                self.samples.push(sample.clone());
            }
        }
    }

    /// How many of a kind.
    #[must_use]
    pub fn count(&self, kind: ErrorKind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    /// How many of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The kinds that there were, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (ErrorKind, u64)> {
        self.counts.iter().map(|(kind, count)| (*kind, *count))
    }

    /// The first few of each kind.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.samples.clear();
    }

    fn samples_of(&self, kind: ErrorKind) -> usize {
        self.samples.iter().filter(|sample| sample.kind == kind).count()
    }
}

/// The first bytes of what came, for a person.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let few = &bytes[..bytes.len().min(SAMPLE_BYTES_MAX)];
    let more = if few.len() < bytes.len() { " …" } else { "" };
    format!("`{}`{more}", few.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_few_samples_are_kept() {
        let (mut one, mut other) = (Errors::default(), Errors::default());
        for index in 0..4 {
            one.record(ErrorKind::Reset, || format!("one {index}"));
            other.record(ErrorKind::Reset, || format!("other {index}"));
        }
        other.record(ErrorKind::Wrong, || "wrong".into());
        other.record_many(ErrorKind::Status, 0, || unreachable!());
        one.add(&other);
        assert_eq!((one.total(), one.count(ErrorKind::Reset)), (9, 8));
        assert_eq!(one.samples().len(), SAMPLES_MAX + 1);
        assert_eq!(one.iter().count(), 2);
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Errors>(&text).unwrap(), one);
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> =
            ErrorKind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(words.len(), ErrorKind::ALL.len());
        for kind in ErrorKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
