//! What a bundle was measured on, as a table.

use crate::bundle::Bundle;
use crate::bundle::observed::Observed;
use crate::published::markdown::Sheet;
use crate::quantity;

/// The facts that change figures.
pub(super) fn sheet(bundle: &Bundle) -> Sheet {
    let of = &bundle.environment;
    let told = |observed: &Observed<String>| match observed {
        Observed::Is(text) => text.clone(),
        Observed::Missing(why) => format!("not known: {why}"),
    };
    let cores = |cores: &[u32]| {
        let cores: Vec<String> = cores.iter().map(u32::to_string).collect();
        cores.join(", ")
    };
    let bytes =
        |bytes: u64| quantity::figure(crate::number::float(bytes), crate::figures::Unit::Bytes);
    let disabled = match &of.io_uring.disabled {
        Observed::Is(value) => format!("`kernel.io_uring_disabled` is {value}"),
        Observed::Missing(why) => format!("not known: {why}"),
    };
    let quota = of.cgroup.cpus.map_or("none".to_owned(), |cpus| format!("{cpus} CPUs"));
    let mut rows = vec![
        ["kernel".to_owned(), format!("{} {}", of.kernel.release, of.kernel.machine)],
        ["processor".to_owned(), format!("{}, {} cores", of.cpu.model, of.cpu.online)],
        ["hypervisor".to_owned(), told(&of.cpu.hypervisor)],
        ["governor".to_owned(), told(&of.cpu.governor)],
        ["memory".to_owned(), bytes(of.memory.total_bytes)],
        ["huge pages".to_owned(), told(&of.memory.transparent_huge_pages)],
        ["CPU quota".to_owned(), quota],
        ["io_uring".to_owned(), disabled],
        ["server's cores".to_owned(), cores(&of.cores.server)],
        ["generator's cores".to_owned(), cores(&of.cores.generator)],
        ["commit".to_owned(), of.source.commit.clone()],
    ];
    rows.extend(of.tools.iter().map(|(tool, version)| [tool.clone(), told(version)]));
    let limits = of.limits.iter().map(|(name, limit)| format!("`{name}` {}", told(limit)));
    rows.push(["limits".to_owned(), limits.collect::<Vec<_>>().join("; ")]);
    let escaped = |cell: String| cell.replace('|', "\\|");
    let note =
        format!("From bundle `{}` (manifest `{}`).", bundle.head.name, bundle.digest_short());
    Sheet {
        headings: vec!["what".into(), "is".into()],
        rows: rows.into_iter().map(|row| row.map(escaped).to_vec()).collect(),
        words: vec![0, 1],
        notes: vec![note],
    }
}
