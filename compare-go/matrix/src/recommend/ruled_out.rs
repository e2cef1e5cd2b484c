//! What rules a server out, whatever it measured: the kernel, the container, limits.

use crate::cell::Server;
use crate::quantity;
use crate::recommend::components::Components;
use crate::recommend::{Ask, Container};
use serde::Serialize;

/// A server that cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuledOut {
    /// Which.
    pub server: Server,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
    /// Where that is from.
    pub source: String,
}

/// What rules a server out, where anything does.
pub(super) fn why(table: &Components, server: Server, ask: &Ask) -> Option<RuledOut> {
    let need = table.kernel_need(server)?;
    let out = |why: String, remedy: String, source: &str| {
        Some(RuledOut { server, why, remedy, source: source.to_owned() })
    };
    if let Some(kernel) = ask.kernel.filter(|kernel| *kernel < need.min) {
        let why = format!("Linux {kernel} is too old: it needs {}, so {}", need.needs, need.min);
        return out(why, format!("run Linux {} or newer", need.min), &need.source);
    }
    if ask.container == Container::Default {
        let rule = &table.container;
        let remedy = format!(
            "allow {} in a seccomp profile of your own, and ask with --container {}",
            rule.blocks,
            Container::Uring
        );
        return out(rule.says.clone(), remedy, &rule.source);
    }
    let (Some(needed), Some(allowed)) = (need.memlock_bytes, ask.memlock_bytes) else {
        return None;
    };
    if allowed < needed {
        let bytes =
            |bytes: u64| quantity::figure(crate::number::float(bytes), crate::figures::Unit::Bytes);
        let why = format!(
            "each worker locks {} of memory, and {} may be locked",
            bytes(needed),
            bytes(allowed)
        );
        return out(why, "raise `ulimit -l` (LimitMEMLOCK=)".into(), &need.source);
    }
    None
}
