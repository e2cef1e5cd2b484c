//! The report for a person: aligned columns, what is missing beside what is there.

use crate::doctor::facts::{Facts, Range, SeccompMode};
use crate::doctor::io_uring::{Abilities, IoUring};
use crate::doctor::report::{Asks, Report, Severity, Verdict};
use std::fmt::Write;

const WIDTH: usize = 100;
const NAME_WIDTH: usize = 14;

/// The whole text, with a line end.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut text = Text(String::new());
    let machine = &report.machine;
    let Report { version, asked, .. } = report;
    text.line(&format!("hunt-server {version} on {} {}", machine.kernel, machine.machine));
    text.machine(machine);
    text.limits(machine, report.asks);
    text.io_uring(&report.io_uring);
    text.head("runtimes");
    for runtime in &report.runtimes {
        match (&runtime.cause, &runtime.remedy) {
            (Some(cause), Some(remedy)) => {
                let state = if runtime.built_in { "cannot start" } else { "left out" };
                text.row(runtime.name, &format!("{state}: {cause}"));
                text.row("", &format!("remedy: {remedy}"));
            }
            _ => text.row(runtime.name, "ready"),
        }
        text.row("", &format!("needs {}", runtime.needs));
    }
    for finding in &report.findings {
        text.head(match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        });
        text.row(finding.about, &finding.cause);
        text.row("", &format!("remedy: {}", finding.remedy));
    }
    let serves = match report.runtime {
        Some(runtime) if runtime == *asked => format!("{runtime} serves here"),
        Some(runtime) => format!("--runtime {asked} takes {runtime}"),
        None => format!("--runtime {asked} cannot start"),
    };
    text.line("");
    text.line(&match report.verdict {
        Verdict::Ready => format!("ready: {serves}, and the limits suffice"),
        Verdict::Degraded => format!("degraded: {serves}; see the warnings"),
        Verdict::CannotStart => format!("cannot start: {serves}; see the errors"),
    });
    text.0
}

struct Text(String);

impl Text {
    fn machine(&mut self, machine: &Facts) {
        let Facts { cores, cgroup, seccomp, .. } = machine;
        self.head("machine");
        let allowed = cores.allowed.as_deref().unwrap_or("unknown");
        let quota = cgroup.cpus.map_or("no quota".into(), |cpus| format!("a quota of {cpus} CPUs"));
        self.row("cores", &format!("{} usable; {allowed} allowed, {quota}", cores.usable));
        let memory = cgroup.memory_bytes.map_or("no limit".into(), bytes);
        let version = match cgroup.version {
            Some(version) => format!("control groups {version}"),
            None => "no control group".into(),
        };
        self.row("memory", &format!("{memory}; {version}"));
        let filters = seccomp.filters.unwrap_or(1);
        let seccomp = match seccomp.mode {
            SeccompMode::Off => "off".into(),
            SeccompMode::Strict => "strict".into(),
            SeccompMode::Filter => format!("a filter decides on system calls ({filters} in force)"),
            SeccompMode::Unknown => "unknown".into(),
        };
        self.row("seccomp", &seccomp);
    }

    fn limits(&mut self, machine: &Facts, asks: Asks) {
        self.head("limits");
        let each = if asks.private_descriptors { " by each worker" } else { "" };
        let nofile = limit(machine.nofile, |count| count.to_string());
        let connections = asks.connections_max;
        let nofile = format!("{nofile}; {connections} connections need {}{each}", asks.nofile);
        self.row("nofile", &nofile);
        let charged = if machine.memlock.exempt { "; CAP_IPC_LOCK: no limit" } else { "" };
        self.row("memlock", &format!("{}{charged}", limit(machine.memlock.range, bytes)));
        let somaxconn = machine.somaxconn.map_or("unknown".into(), |count| count.to_string());
        self.row("somaxconn", &format!("{somaxconn}; {} asked for", asks.somaxconn));
    }

    fn io_uring(&mut self, io_uring: &IoUring) {
        self.head("io_uring");
        match (&io_uring.cause, &io_uring.remedy) {
            (Some(cause), Some(remedy)) => {
                self.row("rings", &format!("none: {cause}"));
                self.row("", &format!("remedy: {remedy}"));
            }
            _ => self.row("rings", "can be set up"),
        }
        let disabled = match io_uring.disabled {
            None => "the kernel has no such switch",
            Some(0) => "0, for nobody",
            Some(1) => "1, for all but the group kernel.io_uring_group",
            Some(_) => "2, for everybody",
        };
        self.row("disabled", disabled);
        self.abilities("setup", &io_uring.setup);
        self.abilities("features", &io_uring.features);
        self.abilities("operations", &io_uring.operations);
    }

    fn abilities(&mut self, name: &str, abilities: &Abilities) {
        let list = |there| abilities.names(there).collect::<Vec<_>>().join(" ");
        let (there, missing) = (list(true), list(false));
        if !there.is_empty() {
            self.row(name, &there);
        }
        if !missing.is_empty() {
            self.row(name, &format!("missing: {missing}"));
        }
    }

    fn head(&mut self, name: &str) {
        let _ = writeln!(self.0, "\n{name}");
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }

    /// A name and what there is to say of it, wrapped beside the name.
    fn row(&mut self, name: &str, what: &str) {
        let mut line = format!("  {name:NAME_WIDTH$}");
        for word in what.split(' ') {
            if line.len() + 1 + word.len() > WIDTH {
                self.line(line.trim_end());
                line = " ".repeat(2 + NAME_WIDTH);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(line.trim_end());
    }
}

fn limit(range: Range, shown: impl Fn(u64) -> String) -> String {
    let value = |limit: Option<u64>| limit.map_or("unlimited".into(), &shown);
    match range.soft == range.hard {
        true => value(range.soft),
        false => format!("{}, up to {}", value(range.soft), value(range.hard)),
    }
}

/// Bytes in the largest unit that leaves a whole number.
fn bytes(bytes: u64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let whole = (bytes.trailing_zeros() / 10).min(4) as usize;
    let place = if bytes == 0 { 0 } else { whole };
    format!("{} {}", bytes >> (10 * place), units[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_limits_read_well() {
        assert_eq!(bytes(8 << 20), "8 MiB");
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1025), "1025 bytes");
        let range = |soft, hard| limit(Range { soft, hard }, |n| n.to_string());
        assert_eq!(range(Some(7), Some(7)), "7");
        assert_eq!(range(Some(7), None), "7, up to unlimited");
    }

    #[test]
    fn a_long_row_is_wrapped_beside_its_name() {
        let mut text = Text(String::new());
        text.row("name", &"word ".repeat(30));
        let lines: Vec<_> = text.0.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{lines:?}");
        assert!(lines[1].starts_with(&" ".repeat(3 + NAME_WIDTH)));
    }
}
