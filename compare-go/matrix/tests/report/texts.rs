//! What reports say, read from Markdown and CSV; and that the page has the same numbers.

use crate::story::{BEST, FAILED_ONCE, GO, INVALID, LEFT_OUT, LIKE_BEST, server};
use crate::{small, stories, told};
use matrix::cell::Workload;
use matrix::report::{Format, render};
use std::collections::BTreeMap;

/// A line of the CSV by the names of its columns.
type Line = BTreeMap<String, String>;

/// Reads CSV as RFC 4180 has it.
fn lines(text: &str) -> Vec<Line> {
    let mut rows: Vec<Vec<String>> = vec![Vec::new()];
    let (mut field, mut quoted) = (String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => {
                rows.last_mut().expect("a row").push(std::mem::take(&mut field));
                if char == '\n' {
                    rows.push(Vec::new());
                }
            }
            _ => field.push(char),
        }
    }
    let heads = rows.remove(0);
    rows.pop();
    let lines = rows.into_iter().map(|row| {
        assert_eq!(row.len(), heads.len(), "{row:?}");
        heads.iter().cloned().zip(row).collect()
    });
    lines.collect()
}

fn of_story() -> Vec<Line> {
    lines(told(Format::Csv))
}

/// The lines that have all of these.
fn with<'a>(lines: &'a [Line], fields: &[(&str, &str)]) -> Vec<&'a Line> {
    let fits = |line: &&Line| fields.iter().all(|(name, value)| line[*name] == *value);
    lines.iter().filter(fits).collect()
}

#[track_caller]
fn one<'a>(lines: &'a [Line], fields: &[(&str, &str)]) -> &'a Line {
    let found = with(lines, fields);
    assert_eq!(found.len(), 1, "{fields:?}: {found:?}");
    found[0]
}

fn number(line: &Line, field: &str) -> f64 {
    line[field].parse().unwrap_or_else(|_| panic!("{field} of {line:?}"))
}

#[test]
fn the_best_leads_and_its_like_is_indistinguishable() {
    let lines = of_story();
    let by_cpu = [("table", "ranking"), ("workload", "resolve"), ("metric", "cpu")];
    let ranked = with(&lines, &by_cpu);
    // One was left out and one has no valid run.
    assert_eq!(ranked.len(), 13);
    let leaders: Vec<&str> =
        ranked.iter().filter(|l| l["note"] == "leads").map(|l| l["subject"].as_str()).collect();
    assert!(leaders.contains(&BEST) && leaders.contains(&LIKE_BEST), "{leaders:?}");
    assert!(!leaders.contains(&GO) && !leaders.contains(&FAILED_ONCE), "{leaders:?}");
    let against = |subject| {
        let fields = [("table", "against-best"), ("workload", "resolve"), ("metric", "cpu")];
        let all = with(&lines, &fields);
        *all.iter().find(|line| line["subject"] == subject).expect("it is judged")
    };
    let go = against(GO);
    assert_eq!(go["said"], "worse");
    // 18 us against 8 us.
    assert!((number(go, "value") - 1.25).abs() < 0.1 && number(go, "lower") > 1.1, "{go:?}");
    let like = if ranked[0]["subject"] == BEST { against(LIKE_BEST) } else { against(BEST) };
    assert!(like["said"].starts_with("indistinguishable"), "{like:?}");
    assert!(told(Format::Markdown).contains("indistinguishable"));
}

#[test]
fn who_was_left_out_or_is_invalid_has_no_place_and_says_why() {
    let lines = of_story();
    for (server, why) in [(LEFT_OUT, "memlock is 64 KiB"), (INVALID, "others used the server's")] {
        let placed = with(&lines, &[("table", "ranking"), ("subject", server)]);
        assert!(placed.is_empty(), "{placed:?}");
        let refused =
            one(&lines, &[("table", "refused"), ("workload", "state"), ("subject", server)]);
        assert!(refused["note"].contains(why), "{refused:?}");
        assert!(told(Format::Markdown).contains(&refused["note"]), "{refused:?}");
    }
    let failed = with(&lines, &[("table", "excluded"), ("subject", FAILED_ONCE)]);
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|line| line["note"].contains("signal 11")), "{failed:?}");
    let hyper = one(
        &lines,
        &[("table", "ranking"), ("workload", "state"), ("metric", "p99"), ("subject", FAILED_ONCE)],
    );
    assert_eq!(hyper["rounds"], "3");
}

#[test]
fn every_number_has_its_runs_and_they_are_in_the_bundle() {
    let files: Vec<String> = stories()[0]
        .runs
        .iter()
        .map(|run| {
            let (step, attempt) = (run.step, run.attempt);
            matrix::bundle::files::Name::Run { step, attempt }.to_string()
        })
        .collect();
    let lines = of_story();
    let figures = with(&lines, &[("table", "figure")]);
    assert!(figures.len() > 400);
    for line in figures {
        let of_program = ["binary", "start-up"].contains(&line["metric"].as_str());
        assert_eq!(line["runs"].is_empty(), of_program, "{line:?}");
        assert!(line["runs"].split_whitespace().all(|run| files.iter().any(|f| f == run)));
        assert_eq!(line["digest"], stories()[0].digest_short());
    }
}

#[test]
fn effects_and_interactions_are_those_that_were_planted() {
    let lines = of_story();
    let of = |table, subject, against| {
        let fields = [("table", table), ("workload", "resolve"), ("metric", "cpu")];
        let fields = [&fields[..], &[("subject", subject), ("against", against)]].concat();
        one(&lines, &fields)
    };
    // 8.0 to 9.2, 8.02 to 8.9, 9.0 to 10.4 and 9.01 to 10.0 us: jemalloc takes an eighth away.
    let jemalloc = of("effect", "jemalloc", "system");
    assert!((number(jemalloc, "value") + 0.115).abs() < 0.02, "{jemalloc:?}");
    assert_eq!((jemalloc["said"].as_str(), jemalloc["settings"].as_str()), ("better", "4"));
    // The bump arena saves 4 % on `system` and nothing on jemalloc.
    let bump = of("interaction", "jemalloc with bump", "jemalloc with heap");
    assert!((number(bump, "value") - 0.038).abs() < 0.02, "{bump:?}");
    // What jemalloc saves does not depend on the runtime.
    let runtime = of("interaction", "tokio-uring with jemalloc", "tokio-uring with system");
    assert!(runtime["said"].starts_with("indistinguishable"), "{runtime:?}");
    // monoio was measured with one allocator and one arena: it has an effect, no interaction.
    assert_eq!(of("effect", "monoio", "tokio-per-core")["settings"], "1");
    let interactions = with(&lines, &[("table", "interaction"), ("metric", "cpu")]);
    assert!(interactions.iter().all(|line| !line["subject"].contains("monoio")));
}

#[test]
fn layers_of_a_profile_are_in_the_markdown_and_in_the_csv() {
    let lines = of_story();
    let of = |metric| {
        let fields = [("table", "layer"), ("workload", "resolve"), ("metric", metric)];
        one(&lines, &[&fields[..], &[("subject", BEST), ("note", "network")]].concat())
    };
    let share = of("cpu-share");
    assert_eq!((share["text"].as_str(), share["unit"].as_str()), ("40.0 %", "share"));
    assert!(number(share, "lower") < 0.38 && number(share, "upper") > 0.42, "{share:?}");
    let cpu = [("table", "ranking"), ("workload", "resolve"), ("metric", "cpu")];
    let cpu = number(one(&lines, &[&cpu[..], &[("subject", BEST)]].concat()), "value");
    let cost = of("cpu");
    assert!((number(cost, "value") - 0.4 * cpu).abs() < 1e-6, "{cost:?}");
    let row = format!("| {BEST} | 30.0 %, ");
    let markdown = told(Format::Markdown);
    let row = markdown.lines().find(|line| line.starts_with(&row)).expect("a row of layers");
    assert!(row.contains(&format!("| 40.0 %, {} |", cost["text"])), "{row}");
}

#[test]
fn a_slower_build_is_found_and_nothing_else() {
    let text = render(stories(), Format::Csv).unwrap();
    let lines = lines(&text);
    let compared = with(&lines, &[("table", "comparison")]);
    let changed: Vec<&&Line> =
        compared.iter().filter(|line| !line["said"].starts_with("indistinguishable")).collect();
    assert!(changed.iter().all(|l| l["subject"] == BEST && l["said"] == "worse"), "{changed:?}");
    let cpu = changed.iter().find(|line| line["metric"] == "cpu").expect("it is slower");
    assert!((number(cpu, "value") - 0.1).abs() < 0.03, "{cpu:?}");
    assert_eq!(cpu["against"], "2027-03-01-two-cores");
    let page = render(stories(), Format::Html).unwrap();
    assert!(page.contains("From 2027-03-01-two-cores to 2027-03-08-two-cores"));
    assert!(page.contains("programs are the same in both"));
}

#[test]
fn the_page_has_the_numbers_of_the_markdown_and_of_the_csv() {
    let page = told(Format::Html);
    let in_page = |text: &str| {
        let escaped = text.replace('<', "&#60;");
        // In the page, an interval stands beside its figure.
        match escaped.strip_suffix(')').and_then(|text| text.split_once(" (")) {
            Some((figure, ends)) => {
                page.contains(&format!("<b>{figure}</b> <small>{ends}</small>"))
            }
            None => page.contains(&escaped),
        }
    };
    let lines = of_story();
    let numbers = lines.iter().filter(|line| !line["text"].is_empty());
    let missing: Vec<&Line> = numbers.filter(|line| !in_page(&line["text"])).collect();
    assert!(missing.is_empty(), "{} of {}: {:?}", missing.len(), lines.len(), missing.first());
    let rows = told(Format::Markdown).lines().filter(|line| line.starts_with("| "));
    let cells = rows.flat_map(|row| row.trim_matches('|').split(" | "));
    for cell in cells.map(str::trim).filter(|cell| cell.contains(" to ")) {
        assert!(in_page(cell), "{cell}");
    }
}

#[test]
fn a_report_made_again_is_the_same() {
    for format in Format::ALL {
        assert!(render(&stories()[..1], format).unwrap() == told(format), "{format}");
    }
    let stamp = format!("matrix report: 2027-03-01-two-cores@{}", stories()[0].digest_short());
    assert_eq!(told(Format::Markdown).lines().next().unwrap(), format!("<!-- {stamp} -->"));
    assert_eq!(told(Format::Html).lines().nth(1).unwrap(), format!("<!-- {stamp} -->"));
}

#[test]
fn what_a_bundle_has_not_is_said() {
    let bundle = small(|synthetic| synthetic.complete = false);
    let page = render(&[bundle], Format::Html).unwrap();
    for said in [
        "This bundle has no search for the highest rate under resolve",
        "This bundle has no profile",
        "No two settings of the engine that were measured differ in one choice only",
        "The plan has not come to its end: 0 of 12 steps are left",
        "Every run of this workload is valid and came to its end",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("From 20"), "nothing is compared");
}

#[test]
fn where_nothing_tells_anybody_apart_the_first_line_says_so() {
    let bundle = small(|synthetic| {
        let (tokio, alike) = (synthetic.servers[0].0, synthetic.servers[0].1);
        let others = ["axum", "hyper"].map(|name| (server(name), alike));
        synthetic.servers = [&[(tokio, alike)][..], &others].concat();
    });
    let text = render(&[bundle], Format::Markdown).unwrap();
    let first = text.lines().find(|line| line.starts_with("# ")).unwrap();
    assert!(first.ends_with(" leads resolve, but nothing tells the other 2 from it"), "{first}");
}

#[test]
fn a_closed_loop_is_led_by_the_highest_rate_and_tells_no_latency() {
    let bundle = small(|synthetic| {
        synthetic.workloads = vec![Workload::ResolveClosed];
        synthetic.load.rate_per_s = None;
    });
    let text = render(std::slice::from_ref(&bundle), Format::Markdown).unwrap();
    let first = text.lines().find(|line| line.starts_with("# ")).unwrap();
    assert_eq!(first, "# tokio+system+heap leads resolve-closed");
    for said in ["closed loop; 1,000 connections ask", "so no latency is told"] {
        assert!(text.contains(said), "`{said}` is not in\n{text}");
    }
    let page = render(&[bundle], Format::Html).unwrap();
    assert!(page.contains("No valid run of this load has latencies"));
    assert!(page.contains(r#""p99_ns":[]"#) && !page.contains(r#""right_per_s":[]"#));
}

#[test]
fn nobody_is_ranked_on_one_round_or_on_a_generator_that_proved_nothing() {
    let once = render(&[small(|synthetic| synthetic.rounds = 1)], Format::Markdown).unwrap();
    assert!(once.contains("# Nothing can be ranked") && once.contains("measure more rounds"));
    assert!(once.contains("| – | axum |"), "{once}");
    let unproven = small(|synthetic| synthetic.proven = false);
    let unproven = render(&[unproven], Format::Markdown).unwrap();
    assert!(unproven.contains("# Nothing can be ranked"), "{unproven}");
    assert!(unproven.contains("The generator did not prove itself (proofs/01.json)"));
    assert!(unproven.contains("| axum | no valid run;"), "{unproven}");
}
