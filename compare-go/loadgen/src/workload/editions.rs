//! Quests that are published again and again: which document each version is.
//!
//! Publisher and entrants are told nothing of each other: both know a version's document from its
//! number.

use crate::quest_plan::QuestPlan;
use serde::{Deserialize, Serialize};

/// A quest, and what its versions are made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edited {
    /// Its id.
    pub id: String,
    /// Its first version, whose hunts outlast the run.
    pub first: QuestPlan,
    /// How long rounds of the further versions are, in milliseconds.
    pub round_ms: u32,
}

/// How many documents there are besides the first: each is published again after the others.
pub(super) const EDITIONS: u32 = 4;

impl Edited {
    /// The document of a version, from 1.
    #[must_use]
    pub fn plan(&self, version: u32) -> QuestPlan {
        match version.checked_sub(2) {
            None => self.first,
            Some(further) => self.edition(further % EDITIONS),
        }
    }

    /// The documents of the further versions, in the order of [`edition_of`].
    pub(super) fn editions(&self) -> impl Iterator<Item = QuestPlan> {
        (0..EDITIONS).map(|edition| self.edition(edition))
    }

    fn edition(&self, edition: u32) -> QuestPlan {
        let mut plan = self.first;
        plan.edition = self.first.edition + 1 + edition;
        plan.rules.duration_ms = self.round_ms;
        plan
    }
}

/// Which of the further documents a version is; none for the first.
pub(super) fn edition_of(version: u32) -> Option<usize> {
    Some((version.checked_sub(2)? % EDITIONS) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quest_plan::Rules;

    #[test]
    fn versions_that_follow_each_other_differ_and_come_again() {
        let rules = Rules::default();
        let first = QuestPlan { seed: 7, edition: 0, waypoints: 9, treasures: 1, supply: 1, rules };
        let edited = Edited { id: "q".into(), first, round_ms: 500 };
        assert_eq!((edited.plan(1), edition_of(1)), (first, None));
        let editions: Vec<_> = edited.editions().collect();
        for version in 2..20 {
            assert_eq!(edited.plan(version), editions[edition_of(version).unwrap()]);
            assert_ne!(edited.plan(version), edited.plan(version + 1));
            assert_eq!(edited.plan(version), edited.plan(version + EDITIONS));
            assert_eq!(edited.plan(version).rules.duration_ms, 500);
        }
    }
}
