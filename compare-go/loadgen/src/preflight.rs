//! What can be known before the first request: whether the system has the descriptors, ports and
//! cores that a plan needs, and whether its rates can be had at all. Every refusal says what to do.

use crate::plan::{Plan, Processes};
use crate::run::RunError;
use crate::sockets::{self, PORT_REST};
use crate::workload::{Lane, Life, Pace};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::time::Duration;

/// Descriptors of a process besides its connections.
const OTHER_DESCRIPTORS: u64 = 64;
/// More requests a second than one core sends.
pub const RATE_PER_WORKER_MAX: f64 = 250_000.0;
/// No answer comes faster, so one connection has no more requests a second than one of these.
pub const ROUND_TRIP_MIN: Duration = Duration::from_micros(10);
/// The most workers.
pub const WORKERS_MAX: u32 = 256;

/// Who is to do the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CrewSize {
    pub(crate) workers: u32,
    pub(crate) in_processes: bool,
}

impl CrewSize {
    pub(crate) fn in_words(self) -> String {
        match (self.workers, self.in_processes) {
            (1, false) => "one worker".into(),
            (1, true) => "one process".into(),
            (workers, false) => format!("{workers} threads"),
            (workers, true) => format!("{workers} processes"),
        }
    }
}

/// What the system has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct System {
    /// Descriptors that a process may have.
    descriptors: u64,
    /// Ports of an address that the system gives to connections.
    ports: u64,
    /// Whether a port that rests can be used again to the same place.
    reuses_ports: bool,
    /// Cores that this process may use.
    cores: Vec<usize>,
}

/// Looks at a plan and the lanes of its workload, and says how many workers they take. Raises the
/// limit on descriptors as far as the system lets it.
///
/// # Errors
/// If it cannot be done, with the remedy.
pub(crate) fn check(plan: &Plan, lanes: &[Lane]) -> Result<CrewSize, RunError> {
    check_against(plan, lanes, &system()?).map_err(RunError::Refused)
}

fn system() -> Result<System, RunError> {
    let limit = getrlimit(Resource::Nofile);
    let descriptors = limit.maximum.or(limit.current).unwrap_or(u64::MAX);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum && setrlimit(Resource::Nofile, raised).is_err() {
        return Err(RunError::Refused(
            "the limit on descriptors cannot be raised to its maximum; see `ulimit -n`".into(),
        ));
    }
    let allowed = rustix::thread::sched_getaffinity(None);
    let allowed = allowed.map_err(|error| RunError::Worker(format!("no cores: {error}")))?;
    let cores = 0..rustix::thread::CpuSet::MAX_CPU;
    Ok(System {
        descriptors,
        ports: ports(),
        reuses_ports: setting("tcp_tw_reuse").is_some_and(|text| text.trim() == "1"),
        cores: cores.filter(|core| allowed.is_set(*core)).collect(),
    })
}

fn setting(name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok()
}

fn ports() -> u64 {
    let text = setting("ip_local_port_range").unwrap_or_default();
    let mut bounds = text.split_ascii_whitespace().filter_map(|word| word.parse::<u64>().ok());
    match (bounds.next(), bounds.next()) {
        (Some(first), Some(last)) if last >= first => last - first + 1,
        _ => 28_232,
    }
}

fn check_against(plan: &Plan, lanes: &[Lane], system: &System) -> Result<CrewSize, String> {
    for (what, time) in [("duration", plan.duration), ("timeout", plan.timeout)] {
        if time.is_zero() {
            return Err(format!("the {what} is 0; give --{what} more than that"));
        }
    }
    if plan.depth == 0 {
        return Err("a connection with 0 requests outstanding asks nothing; --pipeline 1".into());
    }
    if let Some(core) = plan.workers.cores.iter().find(|core| !system.cores.contains(core)) {
        let cores = &system.cores;
        return Err(format!("core {core} cannot be used here; --cores takes some of {cores:?}"));
    }
    let crew = crew(plan, lanes, system)?;
    lanes.iter().try_for_each(check_rate)?;
    check_rates(lanes, crew.workers)?;
    check_ports(lanes, system)?;
    Ok(crew)
}

fn crew(plan: &Plan, lanes: &[Lane], system: &System) -> Result<CrewSize, String> {
    let connections: u64 = lanes.iter().map(|lane| u64::from(lane.share.count)).sum();
    let most = system.descriptors.saturating_sub(OTHER_DESCRIPTORS).max(1);
    // A worker may have one more of each lane than another.
    let each = |workers: u64| connections.div_ceil(workers) + lanes.len() as u64;
    let asked = u64::from(plan.workers.count);
    if asked > u64::from(WORKERS_MAX) {
        return Err(format!("{asked} workers are more than {WORKERS_MAX}"));
    }
    let fits_one_process = connections <= most;
    let in_processes = match plan.workers.processes {
        Processes::Always => true,
        Processes::WhereNeeded => !fits_one_process,
        Processes::Never if fits_one_process => false,
        Processes::Never => {
            return Err(format!(
                "{connections} connections need more than the {most} descriptors of one process; \
                 let workers be processes (--processes auto), or raise `ulimit -Hn`"
            ));
        }
    };
    let needed = (1..=u64::from(WORKERS_MAX)).find(|workers| each(*workers) <= most);
    let needed = if in_processes { needed } else { Some(1) };
    let Some(needed) = needed else {
        return Err(format!(
            "{connections} connections need more than {WORKERS_MAX} processes of {most} \
             descriptors; raise `ulimit -Hn`"
        ));
    };
    if asked > 0 && asked < needed {
        return Err(format!(
            "{connections} connections need {needed} processes of {most} descriptors; --workers \
             {needed}, or raise `ulimit -Hn`"
        ));
    }
    let workers = u32::try_from(asked.max(needed)).expect("at most WORKERS_MAX");
    Ok(CrewSize { workers, in_processes })
}

/// Whether the connections of a lane can carry its rate.
fn check_rate(lane: &Lane) -> Result<(), String> {
    let Pace::Open { rate_per_s, .. } = lane.pace else { return Ok(()) };
    let name = &lane.name;
    if !rate_per_s.is_finite() || rate_per_s <= 0.0 {
        return Err(format!("{rate_per_s} requests a second of {name} are no rate; --rate 1000"));
    }
    let outstanding = f64::from(lane.share.count) * f64::from(lane.depth);
    let most = outstanding / ROUND_TRIP_MIN.as_secs_f64();
    if rate_per_s > most {
        let needed = (rate_per_s * ROUND_TRIP_MIN.as_secs_f64() / f64::from(lane.depth)).ceil();
        return Err(format!(
            "{} connections of {name} carry at most {most:.0} requests a second, since no answer \
             comes within {ROUND_TRIP_MIN:?}; --connections {needed:.0} at the least, and more to \
             have some free",
            lane.share.count
        ));
    }
    Ok(())
}

/// Whether the workers can send all rates.
fn check_rates(lanes: &[Lane], workers: u32) -> Result<(), String> {
    let rates = lanes.iter().map(|lane| match lane.pace {
        Pace::Open { rate_per_s, .. } => rate_per_s,
        Pace::Never | Pace::Closed => 0.0,
    });
    let rate: f64 = rates.sum();
    if rate > RATE_PER_WORKER_MAX * f64::from(workers) {
        let needed = (rate / RATE_PER_WORKER_MAX).ceil();
        return Err(format!(
            "{rate:.0} requests a second are more than {workers} of at most \
             {RATE_PER_WORKER_MAX:.0} each; --workers {needed:.0} and as many --cores"
        ));
    }
    Ok(())
}

/// Whether there is a port for each connection. The loopback network has addresses to spare.
fn check_ports(lanes: &[Lane], system: &System) -> Result<(), String> {
    for lane in lanes.iter().filter(|lane| sockets::has_one_source(lane.address.ip())) {
        let to_there = lanes.iter().filter(|other| other.address == lane.address);
        let ports: f64 = to_there.map(|lane| ports_of(lane, system)).sum();
        if ports > float(system.ports) {
            let (address, most) = (lane.address, system.ports);
            return Err(format!(
                "connections to {address} take {ports:.0} ports, and one address has {most}; fewer \
                 connections, a lower rate, or a wider net.ipv4.ip_local_port_range (a server on \
                 this machine is asked at 127.0.0.1, which needs none of that)"
            ));
        }
    }
    Ok(())
}

/// Ports that a lane takes at once, those included that rest after use.
fn ports_of(lane: &Lane, system: &System) -> f64 {
    let resting = match (lane.life, lane.pace) {
        (Life::OneRequest, Pace::Open { rate_per_s, .. }) if !system.reuses_ports => {
            rate_per_s * PORT_REST.as_secs_f64()
        }
        (Life::OneRequest | Life::Kept, _) => 0.0,
    };
    f64::from(lane.share.count) + resting
}

/// What to do where connections are not made.
pub(crate) fn connect_remedy(plan: &Plan) -> String {
    format!(
        "is the server at {} up, and do its limits (connections_max, `ulimit -n`) allow so many? \
         `hunt-server serve --demo` starts one",
        plan.server
    )
}

#[expect(clippy::cast_precision_loss, reason = "a number of ports is small")]
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
pub(crate) mod tests;
