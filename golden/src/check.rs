//! Holds a server to a transcript: which cuts are played, and what they have in common.

use crate::config::Config;
use crate::core::Core;
use crate::differences::Differences;
use crate::peer::{Cut, Peer};
use crate::player::{Failure, Heard, Listed, Options, Played, Skipped, play};
use crate::text::Vars;
use crate::transcript::Transcript;
use alloc_bumpalo::BumpArena;
use alloc_heap::HeapArena;
use engine_core::arena::Arena;
use engine_core::limits::Limits;

/// Seeds by which the input is cut into small pieces.
const SEEDS: u64 = 8;

/// What came of a transcript.
#[derive(Debug, Default)]
pub struct Checked {
    /// How often it was played.
    pub plays: usize,
    /// The first play that was not as written, and how it was cut.
    pub failures: Vec<(Failure, Cut)>,
    /// Sections that this server cannot play.
    pub skipped: Vec<Skipped>,
    /// Sections that answer otherwise than as written, as is listed.
    pub listed: Vec<Listed>,
    /// Plays whose bytes differ from those of the whole input, though both match.
    pub unstable: Vec<Cut>,
}

impl Checked {
    /// Whether all was as written.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.unstable.is_empty()
    }

    /// What came of a transcript from what came of its plays, up to the first that failed.
    #[must_use]
    pub fn of_plays(plays: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for play in plays {
            all.plays += play.plays;
            (all.skipped, all.listed) = (play.skipped, play.listed);
            (all.failures, all.unstable) = (play.failures, play.unstable);
            if !all.passed() {
                break;
            }
        }
        all
    }

    fn take(&mut self, played: Played, cut: Cut) -> Heard {
        self.plays += 1;
        self.skipped = played.skipped;
        self.listed = played.listed;
        self.failures.extend(played.failures.into_iter().map(|failure| (failure, cut)));
        played.heard
    }
}

/// Plays a transcript on the core: whole; byte by byte; in seeded pieces; and with every block cut
/// in two at every place. The answers must be as written, and the same bytes every time.
#[must_use]
pub fn on_core(config: &Config, transcript: &Transcript) -> Checked {
    let mut checked = Checked::default();
    let mut tried = |cut| -> Option<(Heard, usize)> {
        let played = on_core_once::<HeapArena>(config, &config.limits, transcript, cut, false);
        let longest = played.longest;
        let heard = checked.take(played, cut);
        checked.failures.is_empty().then_some((heard, longest))
    };
    let Some((whole, longest)) = tried(Cut::Whole) else { return checked };
    let seeded = (0..SEEDS).map(Cut::Seeded);
    let halves = (1..longest).map(Cut::After);
    let mut unstable = Vec::new();
    for cut in [Cut::Bytes].into_iter().chain(seeded).chain(halves) {
        match tried(cut) {
            None => break,
            Some((heard, _)) if heard != whole => {
                unstable.push(cut);
                break;
            }
            Some(_) => {}
        }
    }
    checked.unstable = unstable;
    if checked.passed() {
        let bump = on_core_once::<BumpArena>(config, &config.limits, transcript, Cut::Whole, false);
        if bump.heard != whole {
            checked.unstable.push(Cut::Whole);
        }
        checked.take(bump, Cut::Whole);
    }
    checked
}

/// Plays a transcript on the core once, under these limits.
#[must_use]
pub fn on_core_once<A: Arena>(
    config: &Config,
    limits: &Limits,
    transcript: &Transcript,
    cut: Cut,
    bless: bool,
) -> Played {
    let mut core = Core::<A>::new(config, limits.clone());
    let how = Options { core: true, bless, ..Options::strict(cut) };
    play(transcript, &mut core, &config.vars(), how)
}

/// How a server over sockets is played against.
#[derive(Clone, Debug)]
pub struct Over {
    /// Whether it is held to what responses mean, not to every byte.
    pub loose: bool,
    /// What it answers otherwise than as written, and must.
    pub listed: Differences,
    /// How what is sent is cut; the transcript is played once for each.
    pub cuts: Vec<Cut>,
    /// The names that are bound at the beginning.
    pub vars: Vars,
}

impl Over {
    /// The same once for each cut.
    pub fn each_cut(&self) -> impl Iterator<Item = Self> {
        self.cuts.iter().map(|cut| Self { cuts: vec![*cut], ..self.clone() })
    }
}

/// The cuts for a server that is started anew for each: whole, single bytes, short writes.
pub const CUTS: [Cut; 3] = [Cut::Whole, Cut::Bytes, Cut::Seeded(1)];

/// Plays a transcript on servers that `start` makes, once for each cut.
///
/// # Errors
/// If a server cannot be started.
pub fn on_servers<P: Peer>(
    transcript: &Transcript,
    over: &Over,
    mut start: impl FnMut() -> anyhow::Result<P>,
) -> anyhow::Result<Checked> {
    let mut checked = Checked::default();
    for cut in &over.cuts {
        let mut peer = start()?;
        let (loose, listed) = (over.loose, Some(&over.listed));
        let how = Options { loose, listed, ..Options::strict(*cut) };
        checked.take(play(transcript, &mut peer, &over.vars, how), *cut);
        if !checked.failures.is_empty() {
            break;
        }
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Place;

    fn play(what: &str) -> Checked {
        let place = Place { file: "http/a.txt".into(), line: 1 };
        let (section, what) = (String::new(), what.to_owned());
        let failure = Failure { place, section, what, expected: Vec::new(), got: Vec::new() };
        let failures =
            if failure.what.is_empty() { Vec::new() } else { vec![(failure, Cut::Whole)] };
        Checked { plays: 1, failures, ..Checked::default() }
    }

    #[test]
    fn of_several_plays_the_first_that_failed_is_told() {
        let all = Checked::of_plays(["", "", ""].map(play));
        assert!(all.passed() && all.plays == 3);
        let all = Checked::of_plays(["", "one", "two"].map(play));
        let told: Vec<&str> = all.failures.iter().map(|(failure, _)| &*failure.what).collect();
        assert_eq!((all.plays, told), (2, vec!["one"]));
    }
}
