//! The first line of a report: which one?

use crate::cell::Server;
use crate::report::Report;
use crate::report::answer::Line;
use crate::report::sheet::Sheet;
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl Report<'_> {
    /// The title of the page: which bundles it is of.
    pub(super) fn title(&self) -> String {
        let names: Vec<&str> = self.about.iter().map(|about| about.name.as_str()).collect();
        names.join(" and ")
    }

    /// Who leads the workloads of the last bundle, or that nothing can be said. Whoever cannot be
    /// told from a leader leads as well.
    pub(super) fn headline(&self) -> String {
        let newest = self.about.len().saturating_sub(1);
        let sheets = self.sheets.iter().filter(|sheet| sheet.bundle == newest);
        let lines: Vec<(&Sheet, &Line)> =
            sheets.filter_map(|sheet| Some((sheet, sheet.answer.lines.first()?))).collect();
        match lines[..] {
            [] => "Nothing can be ranked".to_owned(),
            [(sheet, line)] => of_one(&sheet.workload.to_string(), line),
            _ => of_many(&lines),
        }
    }
}

fn of_one(workload: &str, line: &Line) -> String {
    let others = line.ties.len();
    if others > 1 && others + 1 == line.of {
        let leader = line.leader;
        return format!("{leader} leads {workload}, but nothing tells the other {others} from it");
    }
    let leaders: Vec<Server> =
        std::iter::once(line.leader).chain(line.ties.iter().copied()).collect();
    lead(&leaders, workload)
}

fn of_many(lines: &[(&Sheet, &Line)]) -> String {
    // How often each leads, and how often nobody has a better figure.
    let mut led: BTreeMap<Server, (usize, usize)> = BTreeMap::new();
    for (_, line) in lines {
        led.entry(line.leader).or_default().1 += 1;
        for server in std::iter::once(&line.leader).chain(&line.ties) {
            led.entry(*server).or_default().0 += 1;
        }
    }
    let mut led: Vec<(Server, (usize, usize))> = led.into_iter().collect();
    led.sort_by_key(|(_, often)| Reverse(*often));
    let (all, most) = (lines.len(), led[0].1.0);
    led.retain(|(_, (often, _))| *often == most);
    let leaders: Vec<Server> = led.into_iter().map(|(server, _)| server).collect();
    let every = if all == 2 { "both workloads".to_owned() } else { format!("all {all} workloads") };
    if most == all {
        return lead(&leaders, &every);
    }
    match leaders[..] {
        [one] => format!("No server leads {every}; {one} leads {most}"),
        _ => format!("No server leads more than {most} of {all} workloads"),
    }
}

/// The leader, and who else leads.
fn lead(leaders: &[Server], what: &str) -> String {
    match leaders {
        [] => format!("Nobody leads {what}"),
        [one] => format!("{one} leads {what}"),
        [one, other] => format!("{one} and {other} lead {what}: indistinguishable"),
        [one, others @ ..] => {
            format!("{one} and {} others lead {what}: indistinguishable", others.len())
        }
    }
}
