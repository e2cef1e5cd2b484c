//! What the kernel lets this process do with io_uring, found by asking it: rings are set up with
//! each flag, and a ring tells its features and operations. Version numbers are not looked at.

use driver::Unavailable;
use serde::{Serialize, Serializer};
use std::fs;

/// Whether rings can be had, and what they can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IoUring {
    /// Whether a ring can be set up.
    pub ready: bool,
    /// Why not.
    pub cause: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The sysctl `kernel.io_uring_disabled`: 0 for nobody, 1 for all but a group, 2 for all; none
    /// where the kernel has no such switch.
    pub disabled: Option<u8>,
    /// Ways to set a ring up (`IORING_SETUP_*`).
    pub setup: Abilities,
    /// What a ring says of itself (`IORING_FEAT_*`).
    pub features: Abilities,
    /// Operations (`IORING_OP_*`).
    pub operations: Abilities,
}

/// Names and whether the kernel has what they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities(pub Vec<(&'static str, bool)>);

impl Serialize for Abilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl Abilities {
    /// The names of what is there, or of what is missing.
    pub fn names(&self, there: bool) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter(move |(_, found)| *found == there).map(|(name, _)| *name)
    }
}

impl IoUring {
    /// Asks the kernel. Sets up a handful of small rings, and takes them down.
    #[must_use]
    pub fn ask() -> Self {
        let disabled = fs::read_to_string("/proc/sys/kernel/io_uring_disabled").ok();
        let mut told = Self {
            ready: false,
            cause: None,
            remedy: None,
            disabled: disabled.and_then(|text| text.trim().parse().ok()),
            setup: Abilities::default(),
            features: Abilities::default(),
            operations: Abilities::default(),
        };
        match told.survey() {
            Ok(()) => told.ready = true,
            Err(Unavailable { cause, remedy }) => {
                (told.cause, told.remedy) = (Some(cause), Some(remedy));
            }
        }
        told
    }

    #[cfg(not(feature = "uring"))]
    fn survey(&mut self) -> Result<(), Unavailable> {
        Err(Unavailable::new(
            "it was not asked for: this build has no runtime that uses it",
            "build with the cargo feature tokio-uring, monoio or glommio",
        ))
    }

    #[cfg(feature = "uring")]
    fn survey(&mut self) -> Result<(), Unavailable> {
        use driver::uring::{Flag, explain, probe};
        use io_uring::{IoUring as Ring, Probe, opcode};

        let ring = Ring::new(ENTRIES).map_err(|error| explain(&error))?;
        let flags = Flag::ALL.map(|flag| {
            let asked = match flag {
                Flag::DeferTaskrun => vec![Flag::SingleIssuer, flag],
                Flag::TaskrunFlag => vec![Flag::CoopTaskrun, flag],
                _ => vec![flag],
            };
            (flag.name().trim_start_matches("IORING_SETUP_"), probe(&asked).is_ok())
        });
        self.setup = Abilities(flags.to_vec());
        let told = ring.params();
        self.features = Abilities(vec![
            ("SINGLE_MMAP", told.is_feature_single_mmap()),
            ("NODROP", told.is_feature_nodrop()),
            ("SUBMIT_STABLE", told.is_feature_submit_stable()),
            ("FAST_POLL", told.is_feature_fast_poll()),
            ("EXT_ARG", told.is_feature_ext_arg()),
            ("NATIVE_WORKERS", told.is_feature_native_workers()),
            ("CQE_SKIP", told.is_feature_skip_cqe_on_success()),
            ("RECVSEND_BUNDLE", told.is_feature_recvsend_bundle()),
            ("MIN_TIMEOUT", told.is_feature_min_timeout()),
        ]);
        let mut probe = Probe::new();
        // Before 5.6 there is no such question, and none of the operations below but polls.
        if ring.submitter().register_probe(&mut probe).is_ok() {
            let operations = [
                ("ACCEPT", opcode::Accept::CODE),
                ("RECV", opcode::Recv::CODE),
                ("SEND", opcode::Send::CODE),
                ("READ", opcode::Read::CODE),
                ("WRITEV", opcode::Writev::CODE),
                ("POLL_ADD", opcode::PollAdd::CODE),
                ("TIMEOUT", opcode::Timeout::CODE),
                ("ASYNC_CANCEL", opcode::AsyncCancel::CODE),
                ("SHUTDOWN", opcode::Shutdown::CODE),
                ("CLOSE", opcode::Close::CODE),
                ("MSG_RING", opcode::MsgRingData::CODE),
                ("SEND_ZC", opcode::SendZc::CODE),
            ];
            let operations = operations.map(|(name, code)| (name, probe.is_supported(code)));
            self.operations = Abilities(operations.to_vec());
        }
        Ok(())
    }
}

/// Entries of the ring that is asked.
#[cfg(feature = "uring")]
const ENTRIES: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers_or_the_cause_is_told() {
        let told = IoUring::ask();
        assert_eq!(told.ready, told.cause.is_none());
        assert_eq!(told.cause.is_some(), told.remedy.is_some());
        let nothing = told.setup.0.is_empty() && told.features.0.is_empty();
        assert_eq!(told.ready, !nothing, "{told:?}");
    }

    #[test]
    fn abilities_are_told_by_name() {
        let abilities = Abilities(vec![("ACCEPT", true), ("RECV", false)]);
        let text = serde_json::to_string(&abilities).unwrap();
        assert_eq!(text, r#"{"ACCEPT":true,"RECV":false}"#);
        assert_eq!(abilities.names(true).collect::<Vec<_>>(), ["ACCEPT"]);
        assert_eq!(abilities.names(false).collect::<Vec<_>>(), ["RECV"]);
    }
}
