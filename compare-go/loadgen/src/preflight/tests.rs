//! What is refused, each with its remedy.

use super::*;
use crate::plan::{Arrivals, Fault, Load, Workers};
use crate::workload::{Kind, Options};

/// A plan that can be done.
pub(crate) fn plan() -> Plan {
    let at = "127.0.0.1:1".parse().unwrap();
    Plan {
        workload: Kind::Get,
        options: Options::default(),
        server: at,
        admin: at,
        admin_token: None,
        load: Load::Closed,
        connections: None,
        depth: 1,
        workers: Workers::default(),
        warmup: Duration::ZERO,
        duration: Duration::from_secs(1),
        grace: Duration::ZERO,
        timeout: Duration::from_secs(1),
        seed: 1,
        tag: "t".into(),
        names: Vec::new(),
        fault: Fault::None,
    }
}

fn here() -> System {
    System { descriptors: 20_000, ports: 28_232, reuses_ports: false, cores: vec![0, 1] }
}

fn lane(address: &str, connections: u32, rate_per_s: f64) -> Lane {
    let pace = Pace::Open { rate_per_s, arrivals: Arrivals::Constant };
    Lane::new("asks", address.parse().unwrap(), connections, pace)
}

fn size(plan: &Plan, connections: u32) -> Result<(u32, bool), String> {
    let lanes = [lane("127.0.0.1:1", connections, 1.0)];
    check_against(plan, &lanes, &here()).map(|crew| (crew.workers, crew.in_processes))
}

#[test]
fn workers_become_processes_where_descriptors_run_out() {
    let mut plan = plan();
    assert_eq!(size(&plan, 19_000), Ok((1, false)));
    assert_eq!(size(&plan, 30_000), Ok((2, true)));
    assert_eq!(size(&plan, 100_000), Ok((6, true)));
    plan.workers.count = 3;
    assert_eq!(size(&plan, 100), Ok((3, false)));
    assert_eq!(size(&plan, 30_000), Ok((3, true)));
    plan.workers.processes = Processes::Always;
    assert_eq!(size(&plan, 100), Ok((3, true)));
}

#[test]
fn too_few_descriptors_are_refused_with_the_remedy() {
    let mut plan = plan();
    plan.workers.processes = Processes::Never;
    assert!(size(&plan, 30_000).unwrap_err().contains("--processes auto"));
    plan.workers = Workers { count: 1, processes: Processes::WhereNeeded, cores: Vec::new() };
    assert!(size(&plan, 30_000).unwrap_err().contains("--workers 2"));
    plan.workers.count = 0;
    assert!(size(&plan, u32::MAX).unwrap_err().contains("ulimit -Hn"));
    plan.workers.count = WORKERS_MAX + 1;
    assert!(size(&plan, 1).unwrap_err().contains("more than 256"));
}

#[test]
fn rates_that_cannot_be_are_refused_with_the_remedy() {
    let refused = |lane: Lane| check_against(&plan(), &[lane], &here()).unwrap_err();
    for rate in [0.0, -3.0, f64::INFINITY, f64::NAN] {
        assert!(refused(lane("127.0.0.1:1", 8, rate)).contains("no rate"), "{rate}");
    }
    assert!(refused(lane("127.0.0.1:1", 1, 150_000.0)).contains("--connections 2"));
    assert!(refused(lane("127.0.0.1:1", 999, 400_000.0)).contains("--workers 2"));
    assert!(check_against(&plan(), &[lane("127.0.0.1:1", 64, 100_000.0)], &here()).is_ok());
}

#[test]
fn too_few_ports_are_refused_where_one_address_has_them_all() {
    let refused = |lane: Lane| check_against(&plan(), &[lane], &here()).unwrap_err();
    assert!(refused(lane("10.0.0.1:1", 30_000, 1.0)).contains("ip_local_port_range"));
    let storm = Lane { life: Life::OneRequest, ..lane("10.0.0.1:1", 500, 1_000.0) };
    assert!(refused(storm.clone()).contains("60500 ports"));
    let reuses = System { reuses_ports: true, ..here() };
    assert!(check_against(&plan(), std::slice::from_ref(&storm), &reuses).is_ok());
    let at_home = Lane { address: "127.0.0.1:1".parse().unwrap(), ..storm };
    assert!(check_against(&plan(), &[at_home], &here()).is_ok());
}

#[test]
fn times_depths_and_cores_that_cannot_be_are_refused() {
    let refused = |plan: &Plan| check_against(plan, &[], &here()).unwrap_err();
    let no_time = Plan { duration: Duration::ZERO, ..plan() };
    assert!(refused(&no_time).contains("--duration"));
    let no_patience = Plan { timeout: Duration::ZERO, ..plan() };
    assert!(refused(&no_patience).contains("--timeout"));
    assert!(refused(&Plan { depth: 0, ..plan() }).contains("--pipeline 1"));
    let workers = Workers { cores: vec![1, 7], ..Workers::default() };
    assert!(refused(&Plan { workers, ..plan() }).contains("core 7"));
}

#[test]
fn this_system_is_known() {
    let system = system().unwrap();
    assert!(system.descriptors > OTHER_DESCRIPTORS && system.ports > 1_000);
    assert!(!system.cores.is_empty());
}
