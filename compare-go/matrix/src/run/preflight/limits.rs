//! Limits that the connections of a plan come up against, and runtimes that cannot start.

use super::facts::Facts;
use super::{Fault, named};
use crate::cell::{Cell, Runtime, Server, Workload};
use crate::figures::Unit;
use crate::number::float;
use crate::plan::{Load, Plan};
use crate::quantity::{self, count};
use crate::recommend::components::Components;
use std::collections::BTreeMap;

/// Ports that a loopback address needs: `hunt-load` makes a thousand connections from one, and a
/// free port is found by trying, which takes long where half of them are taken.
pub const PORTS_MIN: u64 = 2_000;
/// Connections that may wait to be accepted: as many as every server asks for.
pub const SOMAXCONN_MIN: u64 = 4_096;
/// Memory for each connection, both ends and what the kernel keeps for them: about three times what
/// the greediest server had for an idle WebSocket (22.6 KiB, `compare-go/reference/README.md`).
pub const MEMORY_PER_CONNECTION_BYTES: u64 = 64 << 10;
/// Memory besides: worlds, heaps that are let grow, the generator's histograms.
pub const MEMORY_BESIDES_BYTES: u64 = 1 << 30;

/// What is too low, and who cannot start.
pub(super) fn faults(facts: &Facts, plan: &Plan) -> Vec<Fault> {
    let mut faults = descriptors(facts, plan);
    let most = plan.loads.iter().max_by_key(|(_, load)| load.connections);
    if let Some((workload, load)) = most {
        faults.extend(connections(facts, *workload, load));
    }
    faults.extend(match &facts.refused {
        Some(_) => refused(facts, plan),
        None => unlikely(facts, plan),
    });
    faults
}

/// Servers that cannot hold the connections of a load, told once for each load.
fn descriptors(facts: &Facts, plan: &Plan) -> Vec<Fault> {
    let mut short: BTreeMap<Workload, Vec<(Server, &str)>> = BTreeMap::new();
    for (Cell { workload, server }, why) in &facts.shortages {
        short.entry(*workload).or_default().push((*server, why));
    }
    let mut faults = Vec::new();
    for (workload, servers) in short {
        let asked = plan.steps.iter().filter(|step| step.cell.workload == workload);
        let nobody = asked.clone().all(|step| servers.iter().any(|(s, _)| *s == step.cell.server));
        let names: Vec<String> = servers.iter().map(|(server, _)| server.to_string()).collect();
        // The first says how many and why, and what to do; it names itself.
        let why = servers[0].1;
        let (why, remedy) = why.rsplit_once("; ").unwrap_or((why, "raise it"));
        let what = format!("{workload} is too much for {}: {why}", named(&names));
        faults.push(if nobody && plan.loads.len() == 1 {
            Fault::fatal(what, format!("{remedy}, or ask for fewer connections (--quick)"))
        } else {
            let remedy = format!("{remedy}, or leave them out (--cells); their runs fail so");
            Fault::doubt(what, remedy)
        });
    }
    faults
}

/// What the system bounds for all: ports, waiting connections, files, memory.
fn connections(facts: &Facts, workload: Workload, load: &Load) -> Vec<Fault> {
    let mut faults = Vec::new();
    let connections = u64::from(load.connections);
    let of = format!("the {} connections of {workload}", count(connections));
    if let Some(ports) = facts.ports.filter(|ports| *ports < PORTS_MIN) {
        faults.push(Fault::fatal(
            format!(
                "an address has {} ports for connections, and the generator makes up to 1,000 from \
                 one",
                count(ports)
            ),
            "widen the sysctl net.ipv4.ip_local_port_range to `32768 60999`",
        ));
    }
    if let Some(waiting) = facts.somaxconn.filter(|waiting| *waiting < SOMAXCONN_MIN) {
        faults.push(Fault::doubt(
            format!(
                "only {} connections may wait to be accepted, of {} asked for: where many come at \
                 once, some are tried again a second later",
                count(waiting),
                count(SOMAXCONN_MIN)
            ),
            format!("set the sysctl net.core.somaxconn to {SOMAXCONN_MIN}"),
        ));
    }
    // Followed from both ends, and kept for a while after.
    let followed = 2 * connections;
    if let Some(most) = facts.conntrack_max.filter(|most| *most < followed) {
        faults.push(Fault::doubt(
            format!("the firewall follows {} connections, too few for {of}", count(most)),
            format!(
                "set the sysctl net.netfilter.nf_conntrack_max to {followed} or more, or let the \
                 loopback device pass unfollowed"
            ),
        ));
    }
    if let Some(most) = facts.files_max.filter(|most| *most < followed) {
        faults.push(Fault::fatal(
            format!("the system may open {} files, too few for both ends of {of}", count(most)),
            format!("set the sysctl fs.file-max to {} or more", 2 * followed),
        ));
    }
    let needed = MEMORY_BESIDES_BYTES + connections * MEMORY_PER_CONNECTION_BYTES;
    if let Some(free) = facts.memory_bytes.filter(|free| *free < needed) {
        let bytes = |bytes: u64| quantity::figure(float(bytes), Unit::Bytes);
        faults.push(Fault::doubt(
            format!(
                "{} of memory are free, and {of} may take {}: the kernel may end the server",
                bytes(free),
                bytes(needed)
            ),
            "end what else uses memory, raise the container's bound, or measure with --quick",
        ));
    }
    faults
}

/// Runtimes that cannot start, by the server's doctor.
fn refused(facts: &Facts, plan: &Plan) -> Vec<Fault> {
    let refused = facts.refused.iter().flatten();
    let told = refused.filter_map(|(runtime, (cause, remedy))| {
        let gone = plan.servers.iter().filter(|server| is_on(**server, *runtime)).count();
        let what = format!("the runtime {runtime} cannot start here, so it has no row: {cause}");
        (gone > 0).then(|| severe(plan, gone, what, remedy.clone()))
    });
    told.collect()
}

/// Runtimes that could hardly start, told from the kernel alone since the server is not built.
fn unlikely(facts: &Facts, plan: &Plan) -> Vec<Fault> {
    let table = Components::committed();
    let needy: Vec<Server> = plan.servers.iter().copied().filter(|s| s.needs_io_uring()).collect();
    if needy.is_empty() {
        return Vec::new();
    }
    let closed = match facts.io_uring_disabled {
        Some(2) => true,
        Some(1) => !facts.is_root,
        _ => false,
    };
    if closed {
        let what = "the kernel refuses io_uring (kernel.io_uring_disabled), so the runtimes on it \
                    have no row";
        let remedy = "set the sysctl kernel.io_uring_disabled to 0";
        return vec![severe(plan, needy.len(), what.into(), remedy.into())];
    }
    let mut faults = Vec::new();
    for need in &table.kernels {
        let gone = needy.iter().filter(|server| is_on(**server, need.runtime)).count();
        if gone == 0 {
            continue;
        }
        let runtime = need.runtime;
        if let Some(kernel) = facts.kernel.filter(|kernel| *kernel < need.min) {
            let what = format!(
                "Linux {kernel} is too old for {runtime}, which needs {}, so it has no row",
                need.needs
            );
            faults.push(severe(plan, gone, what, format!("run Linux {} or newer", need.min)));
        } else if let (Some(needed), Some(allowed)) = (need.memlock_bytes, facts.memlock_bytes)
            && allowed < needed
        {
            let bytes = |bytes: u64| quantity::figure(float(bytes), Unit::Bytes);
            let what = format!(
                "a worker of {runtime} locks {} of memory, and {} may be locked, so it has no row",
                bytes(needed),
                bytes(allowed)
            );
            faults.push(severe(plan, gone, what, "raise `ulimit -l` (LimitMEMLOCK=)".into()));
        }
    }
    faults
}

fn is_on(server: Server, wanted: Runtime) -> bool {
    matches!(server, Server::Engine { runtime, .. } if runtime == wanted)
}

/// Fatal where it leaves nobody.
fn severe(plan: &Plan, gone: usize, what: String, remedy: String) -> Fault {
    if gone == plan.servers.len() { Fault::fatal(what, remedy) } else { Fault::doubt(what, remedy) }
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::{fine, plan};
    use super::*;

    fn one(facts: &Facts, filters: &[&str]) -> Fault {
        let mut faults = faults(facts, &plan(filters));
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.pop().unwrap()
    }

    #[test]
    fn ports_and_waiting_connections_are_enough_at_the_limit_and_not_below() {
        let mut facts = fine();
        (facts.ports, facts.somaxconn) = (Some(PORTS_MIN), Some(SOMAXCONN_MIN));
        assert_eq!(faults(&facts, &plan(&[])), []);
        facts.ports = Some(PORTS_MIN - 1);
        let fault = one(&facts, &[]);
        assert!(fault.fatal && fault.what.starts_with("an address has 1,999 ports"), "{fault:?}");
        (facts.ports, facts.somaxconn) = (None, Some(SOMAXCONN_MIN - 1));
        let fault = one(&facts, &[]);
        assert!(!fault.fatal && fault.remedy.contains("somaxconn to 4096"), "{fault:?}");
    }

    #[test]
    fn the_firewall_and_the_system_follow_both_ends_of_every_connection() {
        let connections = plan(&["hyper,sockets"]).loads[&Workload::Sockets].connections;
        let both = 2 * u64::from(connections);
        let mut facts = fine();
        (facts.conntrack_max, facts.files_max) = (Some(both), Some(both));
        assert_eq!(faults(&facts, &plan(&["hyper,sockets"])), []);
        facts.conntrack_max = Some(both - 1);
        let fault = one(&facts, &["hyper,sockets"]);
        assert!(!fault.fatal && fault.remedy.contains(&format!("max to {both} or")), "{fault:?}");
        (facts.conntrack_max, facts.files_max) = (None, Some(both - 1));
        assert!(one(&facts, &["hyper,sockets"]).fatal);
    }

    #[test]
    fn memory_is_enough_for_every_connection_or_said_to_be_short() {
        let connections = plan(&["hyper,sockets"]).loads[&Workload::Sockets].connections;
        let needed = MEMORY_BESIDES_BYTES + u64::from(connections) * MEMORY_PER_CONNECTION_BYTES;
        let mut facts = fine();
        facts.memory_bytes = Some(needed);
        assert_eq!(faults(&facts, &plan(&["hyper,sockets"])), []);
        facts.memory_bytes = Some(needed - 1);
        let fault = one(&facts, &["hyper,sockets"]);
        assert!(fault.what.contains(" of memory are free, and the "), "{fault:?}");
    }

    #[test]
    fn servers_that_cannot_hold_a_load_are_told_once_and_fatal_where_they_are_all() {
        let cell =
            |server: &str| Cell { workload: Workload::Sockets, server: server.parse().unwrap() };
        let mut facts = fine();
        facts.shortages = vec![(cell("hyper"), "30,000 connections take more; raise it".into())];
        assert!(one(&facts, &["hyper,sockets"]).fatal);
        let fault = one(&facts, &["hyper,sockets", "axum,sockets"]);
        assert!(!fault.fatal && fault.remedy.contains("--cells"), "{fault:?}");
        facts.shortages.push((cell("axum"), "so do these; raise it".into()));
        let fault = one(&facts, &["hyper,sockets", "axum,sockets"]);
        let expected = "sockets is too much for hyper and axum: 30,000 connections take more";
        assert_eq!((fault.fatal, fault.what.as_str()), (true, expected));
        // Another load is left to be measured.
        assert!(!one(&facts, &["hyper,sockets|loot", "axum,sockets|loot"]).fatal);
    }

    #[test]
    fn a_runtime_that_cannot_start_costs_its_rows_and_is_fatal_where_there_is_no_other() {
        let mut facts = fine();
        let why = ("it is forbidden".to_owned(), "allow it".to_owned());
        facts.refused = Some(BTreeMap::from([(Runtime::Glommio, why)]));
        assert_eq!(faults(&facts, &plan(&["hyper,loot"])), []);
        let fault = one(&facts, &["runtime=glommio|tokio,loot"]);
        assert_eq!((fault.fatal, fault.remedy.as_str()), (false, "allow it"));
        assert!(fault.what.ends_with("so it has no row: it is forbidden"), "{fault:?}");
        assert!(one(&facts, &["runtime=glommio,loot"]).fatal);
    }

    #[test]
    fn before_the_server_is_built_the_kernel_alone_is_asked() {
        let mut facts = fine();
        facts.refused = None;
        assert_eq!(faults(&facts, &plan(&["loot"])), []);
        facts.io_uring_disabled = Some(2);
        assert!(!one(&facts, &["loot"]).fatal);
        assert!(one(&facts, &["runtime=glommio|monoio,loot"]).fatal);
        facts.io_uring_disabled = Some(1);
        assert_eq!(faults(&facts, &plan(&["loot"])), []);
        facts.is_root = false;
        assert!(one(&facts, &["loot"]).remedy.contains("io_uring_disabled to 0"));
        facts.io_uring_disabled = Some(0);
        facts.kernel = "5.4".parse().ok();
        let old = faults(&facts, &plan(&["loot"]));
        assert!(old.iter().all(|fault| fault.what.starts_with("Linux 5.4 is too old")), "{old:?}");
        assert_eq!(old.len(), Components::committed().kernels.len());
    }

    #[test]
    fn glommio_needs_memory_that_it_can_lock() {
        let needed = Components::committed().kernels.iter().find_map(|need| need.memlock_bytes);
        let needed = needed.unwrap();
        let mut facts = fine();
        (facts.refused, facts.memlock_bytes) = (None, Some(needed));
        assert_eq!(faults(&facts, &plan(&["loot"])), []);
        facts.memlock_bytes = Some(needed - 1);
        let fault = one(&facts, &["loot"]);
        assert!(fault.what.starts_with("a worker of glommio locks 512 KiB"), "{fault:?}");
    }

    #[test]
    fn the_generator_makes_as_many_connections_from_an_address_as_is_said() {
        let source = include_str!("../../../../loadgen/src/sockets.rs");
        assert!(source.contains("CONNECTIONS_PER_SOURCE: u32 = 1_000;"));
        let server = include_str!("../../../../../runtimes/driver/src/net.rs");
        assert!(server.contains(": i32 = 4096;") || server.contains(": i32 = 4_096;"));
    }
}
