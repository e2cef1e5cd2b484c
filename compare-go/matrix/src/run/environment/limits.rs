//! Limits of this process, which those that it starts inherit, and settings of the kernel that
//! bound connections or change how fast they are.

use super::files::{Said, text};
use super::tools::VERSION_WAIT;
use crate::bundle::observed::Observed;
use rustix::process::{Resource, getrlimit};
use std::collections::BTreeMap;
use std::path::Path;

/// Settings of the kernel, by the name that they have here, and the file.
const SETTINGS: &[(&str, &str)] = &[
    ("clock_source", "sys/devices/system/clocksource/clocksource0/current_clocksource"),
    ("file_max", "proc/sys/fs/file-max"),
    ("ip_local_port_range", "proc/sys/net/ipv4/ip_local_port_range"),
    ("max_map_count", "proc/sys/vm/max_map_count"),
    ("netdev_max_backlog", "proc/sys/net/core/netdev_max_backlog"),
    ("nf_conntrack_max", "proc/sys/net/netfilter/nf_conntrack_max"),
    ("nr_open", "proc/sys/fs/nr_open"),
    ("numa_balancing", "proc/sys/kernel/numa_balancing"),
    ("overcommit_memory", "proc/sys/vm/overcommit_memory"),
    ("perf_event_paranoid", "proc/sys/kernel/perf_event_paranoid"),
    ("pid_max", "proc/sys/kernel/pid_max"),
    ("rmem_max", "proc/sys/net/core/rmem_max"),
    ("somaxconn", "proc/sys/net/core/somaxconn"),
    ("swappiness", "proc/sys/vm/swappiness"),
    ("tcp_congestion_control", "proc/sys/net/ipv4/tcp_congestion_control"),
    ("tcp_fin_timeout", "proc/sys/net/ipv4/tcp_fin_timeout"),
    ("tcp_max_syn_backlog", "proc/sys/net/ipv4/tcp_max_syn_backlog"),
    ("tcp_mem", "proc/sys/net/ipv4/tcp_mem"),
    ("tcp_rmem", "proc/sys/net/ipv4/tcp_rmem"),
    ("tcp_tw_reuse", "proc/sys/net/ipv4/tcp_tw_reuse"),
    ("tcp_wmem", "proc/sys/net/ipv4/tcp_wmem"),
    ("threads_max", "proc/sys/kernel/threads-max"),
    ("wmem_max", "proc/sys/net/core/wmem_max"),
];

/// All of them.
pub(super) fn limits(root: &Path) -> BTreeMap<String, Observed<String>> {
    let mut all = BTreeMap::new();
    for (name, path) in SETTINGS {
        let spaced = text(root, path).map(|text| text.replace('\t', " "));
        all.insert((*name).to_owned(), spaced.into());
    }
    let limited = |limit: Option<u64>| Observed::Is(told(limit));
    let [nofile, memlock, nproc] =
        [Resource::Nofile, Resource::Memlock, Resource::Nproc].map(getrlimit);
    all.insert("nofile".into(), limited(nofile.current));
    all.insert("nofile_hard".into(), limited(nofile.maximum));
    all.insert("memlock_bytes".into(), limited(memlock.current));
    all.insert("nproc".into(), limited(nproc.current));
    all.insert("page_bytes".into(), page_bytes().into());
    all
}

fn told(limit: Option<u64>) -> String {
    limit.map_or("unlimited".into(), |limit| limit.to_string())
}

/// The size of a page, which is 4 KiB on most machines and 16 or 64 on some.
fn page_bytes() -> Result<String, String> {
    let said = Said::by(Path::new("/"), "getconf", &["PAGESIZE"], VERSION_WAIT)?;
    let line = said.first_line().filter(|line| line.parse::<u64>().is_ok());
    line.map(str::to_owned).ok_or_else(|| "getconf PAGESIZE tells no number".into())
}

#[cfg(test)]
mod tests {
    use super::super::files::Files;
    use super::*;

    #[test]
    fn a_setting_is_told_in_one_line_and_one_that_is_not_there_has_a_reason() {
        let range = ("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
        let files = Files::new(&[range]);
        let limits = limits(files.root());
        assert_eq!(limits["ip_local_port_range"], Observed::Is("32768 60999".into()));
        let why = limits["nf_conntrack_max"].why_missing().unwrap();
        assert!(why.contains("nf_conntrack_max: no such file"), "{why}");
        assert!(limits["nofile"].value().is_some());
        assert_eq!(told(None), "unlimited");
        assert_eq!(limits.len(), SETTINGS.len() + 5);
    }
}
