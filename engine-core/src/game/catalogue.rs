//! The catalogue: the quests that were published, by id and version.
//!
//! It knows no JSON and no hunts: a quest is parsed before it comes here, outside any lock, and a
//! hunt keeps the version that it plays alive by holding it.

use super::hash::Seed;
use super::quest::Quest;
use crate::arena::Arena;
use crate::error::Problem;
use crate::seam::Reply;
use crate::text::Id;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use hashbrown::HashMap;

/// How many versions of a quest are kept, the latest included, besides those that are played.
pub const QUEST_VERSIONS_KEPT: usize = 4;

/// The quests of one server.
#[derive(Debug)]
pub struct Catalogue<A: Arena> {
    quests: HashMap<Id, Versions<A>, Seed>,
    quests_max: usize,
}

/// The versions of one quest.
#[derive(Debug)]
struct Versions<A: Arena> {
    // 1 to QUEST_VERSIONS_KEPT versions, each one more than the one before.
    kept: VecDeque<Arc<Quest<A>>>,
    // Versions before those; found for as long as a hunt holds them.
    played: Vec<Weak<Quest<A>>>,
}

impl<A: Arena> Catalogue<A> {
    /// A catalogue without quests, for at most `quests_max` of them.
    #[must_use]
    pub fn new(seed: Seed, quests_max: usize) -> Self {
        Self { quests: HashMap::with_hasher(seed), quests_max }
    }

    /// Adds `quest` as the next version, unless it is the same document as the latest one.
    /// O(1) besides dropping what is not kept any more.
    pub fn publish(&mut self, mut quest: Quest<A>) -> Reply {
        if let Some(versions) = self.quests.get_mut(&quest.id) {
            let latest = versions.latest();
            if latest.digest == quest.digest {
                return published(latest, false);
            }
            quest.version = latest.version + 1;
            let quest = Arc::new(quest);
            versions.push(Arc::clone(&quest));
            return published(&quest, false);
        }
        if self.quests.len() >= self.quests_max {
            return Reply::Refused(Problem::QuestsFull.into());
        }
        quest.version = 1;
        let quest = Arc::new(quest);
        let versions = Versions { kept: [Arc::clone(&quest)].into(), played: Vec::new() };
        self.quests.insert(quest.id, versions);
        published(&quest, true)
    }

    /// The quest `id` in the version `version`, or in the latest one.
    ///
    /// # Errors
    /// `UnknownQuest` or `UnknownQuestVersion`.
    pub fn find(&self, id: &Id, version: Option<u32>) -> Result<Arc<Quest<A>>, Problem> {
        let versions = self.quests.get(id).ok_or(Problem::UnknownQuest)?;
        match version {
            None => Ok(Arc::clone(versions.latest())),
            Some(version) => versions.find(version).ok_or(Problem::UnknownQuestVersion),
        }
    }

    /// How many quests there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.quests.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.quests.is_empty()
    }
}

impl<A: Arena> Versions<A> {
    fn latest(&self) -> &Arc<Quest<A>> {
        self.kept.back().expect("a quest is entered with its first version")
    }

    fn push(&mut self, quest: Arc<Quest<A>>) {
        self.kept.push_back(quest);
        self.played.retain(|quest| quest.strong_count() > 0);
        if self.kept.len() > QUEST_VERSIONS_KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.played.push(Arc::downgrade(&oldest));
        }
    }

    fn find(&self, version: u32) -> Option<Arc<Quest<A>>> {
        let kept = self.kept.iter().find(|quest| quest.version == version).cloned();
        kept.or_else(|| {
            self.played.iter().filter_map(Weak::upgrade).find(|quest| quest.version == version)
        })
    }
}

fn published<A: Arena>(quest: &Quest<A>, created: bool) -> Reply {
    let count = |len| u32::try_from(len).expect("the lists of a quest are short");
    Reply::QuestPublished {
        quest: quest.id,
        version: quest.version,
        waypoints: count(quest.waypoints.len()),
        treasures: count(quest.treasures.len()),
        created,
    }
}
