//! A reader of OpenMetrics 1.0 text that shares no code with the writer, for tests.

use std::collections::BTreeMap;

/// A family as it was read.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) help: Option<String>,
    /// Samples in order: name, labels, value.
    pub(crate) samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

/// Reads an exposition and holds it to the rules; panics with the line where one is broken.
pub(crate) fn read(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let body = text.strip_suffix("# EOF\n").expect("the text ends with EOF");
    assert!(!body.contains("# EOF"), "EOF comes once");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (word, name) = (words.next().unwrap(), words.next().unwrap());
            let rest = words.next().unwrap_or_default().to_owned();
            if name != current {
                assert!(!families.contains_key(name), "family {name} comes once: {line}");
                current = name.to_owned();
            }
            let family = families.entry(name.to_owned()).or_default();
            assert!(family.samples.is_empty(), "what describes comes before samples: {line}");
            match word {
                "TYPE" => family.kind = rest,
                "HELP" => family.help = Some(rest),
                "UNIT" => {
                    assert!(
                        name.ends_with(&format!("_{rest}")),
                        "the name ends in its unit: {line}"
                    );
                    family.unit = Some(rest);
                }
                other => panic!("unknown description {other}: {line}"),
            }
        } else {
            let (name, labels, value) = sample(line);
            let family = families.get_mut(&current).expect("a description comes before a sample");
            assert!(!family.kind.is_empty(), "TYPE comes before samples: {line}");
            let suffix = name.strip_prefix(&current).unwrap_or_else(|| panic!("stray: {line}"));
            let allowed: &[&str] = match family.kind.as_str() {
                "counter" => &["_total"],
                "gauge" => &[""],
                "info" => &["_info"],
                "histogram" => &["_bucket", "_sum", "_count"],
                other => panic!("unexpected type {other}"),
            };
            assert!(allowed.contains(&suffix), "suffix {suffix:?} of a {}: {line}", family.kind);
            let seen = family.samples.iter().any(|(n, l, _)| *n == name && *l == labels);
            assert!(!seen, "a sample comes once: {line}");
            family.samples.push((name, labels, value));
        }
    }
    for (name, family) in &families {
        if family.kind == "histogram" {
            check_histogram(name, family);
        }
    }
    families
}

fn check_histogram(name: &str, family: &Family) {
    let buckets: Vec<(f64, f64)> = family
        .samples
        .iter()
        .filter(|(sample, ..)| *sample == format!("{name}_bucket"))
        .map(|(_, labels, value)| {
            let bound = labels["le"].replace("+Inf", "inf");
            (bound.parse().unwrap(), *value)
        })
        .collect();
    assert!(!buckets.is_empty(), "{name} has buckets");
    for pair in buckets.windows(2) {
        assert!(pair[0].0 < pair[1].0, "{name}: bounds grow");
        assert!(pair[0].1 <= pair[1].1, "{name}: buckets are cumulative");
    }
    let last = buckets[buckets.len() - 1];
    assert!(last.0.is_infinite(), "{name}: the last bound is infinite");
    let count = family.samples.iter().find(|(sample, ..)| *sample == format!("{name}_count"));
    assert_eq!(count.map(|(.., value)| *value), Some(last.1), "{name}: count");
    assert!(family.samples.iter().any(|(sample, ..)| *sample == format!("{name}_sum")));
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let (name, labels) = match series.split_once('{') {
        None => (series, ""),
        Some((name, labels)) => (name, labels.strip_suffix('}').expect("labels end")),
    };
    let name_ok = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    assert!(name_ok && !name.is_empty(), "name: {line}");
    let mut found = BTreeMap::new();
    let mut rest = labels;
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"").expect("a label has a value");
        let end = after.match_indices('"').find(|(at, _)| !after[..*at].ends_with('\\'));
        let (end, _) = end.expect("a label's value ends");
        assert!(found.insert(key.into(), after[..end].into()).is_none(), "a label comes once");
        rest = after[end + 1..].strip_prefix(',').unwrap_or(&after[end + 1..]);
    }
    (name.into(), found, value.parse().unwrap_or_else(|_| panic!("value: {line}")))
}
