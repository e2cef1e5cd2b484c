//! What the heading of a block asks for.

use crate::cell::{Cell, UnknownWord, Workload};
use crate::figures::Metric;
use crate::plan::Filter;
use crate::words::words;
use std::str::FromStr;

words! {
    /// A table.
    pub enum Table("table") {
        /// What is asked for most, of every server under a workload.
        Headline = "headline",
        /// Metrics of every server under a workload, by name.
        Metrics = "metrics",
        /// Every server in the order of a metric, and which places mean something.
        Ranking = "ranking",
        /// What a bundle was measured on.
        Environment = "environment",
    }
}

words! {
    /// Which number of a cell.
    pub enum Which("number") {
        /// The median of the rounds.
        Median = "median",
        /// The lower end of its interval.
        Lower = "lower",
        /// The upper end of its interval.
        Upper = "upper",
        /// The least of the rounds.
        Min = "min",
        /// The most of the rounds.
        Max = "max",
    }
}

/// What a block asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// A table.
    Table {
        /// Which.
        table: Table,
        /// The name of the bundle.
        bundle: String,
        /// The workload.
        workload: Workload,
        /// The metrics, for those tables that let them be chosen.
        metrics: Vec<Metric>,
        /// The servers; all where none is given.
        servers: Option<Filter>,
    },
    /// One number.
    Value {
        /// The name of the bundle.
        bundle: String,
        /// Of what.
        cell: Cell,
        /// Of which metric.
        metric: Metric,
        /// Which number.
        which: Which,
    },
    /// Figures of somebody else, which are not computed.
    Quoted {
        /// Where they are from.
        source: String,
    },
}

impl FromStr for Spec {
    type Err = String;

    fn from_str(heading: &str) -> Result<Self, String> {
        let mut words = heading.split_whitespace();
        match words.next() {
            Some("table") => table(words),
            Some("value") => value(words),
            Some("quoted") => {
                let source = words.collect::<Vec<_>>().join(" ");
                if source.is_empty() {
                    return Err("`quoted` names no source".into());
                }
                Ok(Self::Quoted { source })
            }
            other => Err(UnknownWord {
                kind: "block",
                word: other.unwrap_or_default().to_owned(),
                known: vec!["table", "value", "quoted", "constants"],
            }
            .to_string()),
        }
    }
}

fn table<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Spec, String> {
    let name = words.next().ok_or("which table? write `table headline bundle=NAME`")?;
    let table: Table = name.parse().map_err(|error: UnknownWord| error.to_string())?;
    let mut keys = Keys::read(words)?;
    let bundle = keys.need("bundle")?;
    let workload = keys.parsed("workload")?.unwrap_or(Workload::Resolve);
    let servers = keys.parsed("servers")?;
    let metrics = match table {
        Table::Headline | Table::Environment => Vec::new(),
        Table::Metrics => list(&keys.need("metrics")?)?,
        Table::Ranking => vec![keys.need("metric")?.parse()?],
    };
    keys.end()?;
    Ok(Spec::Table { table, bundle, workload, metrics, servers })
}

fn value<'a>(words: impl Iterator<Item = &'a str>) -> Result<Spec, String> {
    let mut keys = Keys::read(words)?;
    let bundle = keys.need("bundle")?;
    let cell = keys.parsed("cell")?.ok_or("it has no cell=WORKLOAD@SERVER")?;
    let metric = keys.parsed("metric")?.ok_or("it has no metric=NAME")?;
    let which = keys.parsed("of")?.unwrap_or(Which::Median);
    keys.end()?;
    Ok(Spec::Value { bundle, cell, metric, which })
}

fn list(text: &str) -> Result<Vec<Metric>, String> {
    text.split(',').map(str::parse).collect()
}

/// `key=value`, each once.
struct Keys<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Keys<'a> {
    fn read(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut keys: Vec<(&str, &str)> = Vec::new();
        for word in words {
            let split = word.split_once('=');
            let (key, value) = split.ok_or_else(|| format!("`{word}` is not `key=value`"))?;
            if keys.iter().any(|(other, _)| *other == key) {
                return Err(format!("`{key}` is given twice"));
            }
            keys.push((key, value));
        }
        Ok(Self(keys))
    }

    fn take(&mut self, key: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(other, _)| *other == key)?;
        Some(self.0.remove(at).1)
    }

    fn need(&mut self, key: &str) -> Result<String, String> {
        let found = self.take(key).filter(|value| !value.is_empty());
        found.map(str::to_owned).ok_or_else(|| format!("it has no `{key}=..`"))
    }

    fn parsed<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, String>
    where
        T::Err: std::fmt::Display,
    {
        let parsed = self.take(key).map(str::parse).transpose();
        parsed.map_err(|error| format!("{key}: {error}"))
    }

    fn end(self) -> Result<(), String> {
        match self.0.first() {
            Some((key, _)) => Err(format!("`{key}=` means nothing here")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_read() {
        let spec: Spec =
            "table metrics bundle=b workload=loot metrics=p99,capacity:p99<5ms servers=kind=go"
                .parse()
                .unwrap();
        let Spec::Table { table, bundle, workload, metrics, servers } = spec else {
            panic!("it is a table")
        };
        assert_eq!((table, &*bundle, workload), (Table::Metrics, "b", Workload::Loot));
        assert_eq!(metrics.len(), 2);
        assert_eq!(servers.unwrap().text(), "kind=go");
        let spec: Spec = "value bundle=b cell=resolve@hyper metric=cpu of=lower".parse().unwrap();
        assert!(matches!(spec, Spec::Value { which: Which::Lower, .. }));
        let spec: Spec = "quoted incidents.md, `resolve`".parse().unwrap();
        assert_eq!(spec, Spec::Quoted { source: "incidents.md, `resolve`".into() });
    }

    #[test]
    fn what_asks_for_nothing_says_why() {
        for (heading, why) in [
            ("", "there is no block ``"),
            ("tabel headline", "`table` is near"),
            ("table", "which table?"),
            ("table headlines bundle=b", "`headline` is near"),
            ("table headline", "no `bundle=..`"),
            ("table headline bundle=b wrkload=loot", "`wrkload=` means nothing here"),
            ("table headline bundle=b metrics=p99", "`metrics=` means nothing here"),
            ("table headline bundle=b workload=lot", "workload: there is no workload `lot`"),
            ("table headline bundle=a bundle=b", "given twice"),
            ("table headline b", "not `key=value`"),
            ("table metrics bundle=b metrics=p99,speed", "no metric `speed`"),
            ("table ranking bundle=b", "no `metric=..`"),
            ("value bundle=b cell=hyper metric=cpu", "cell: `hyper` is no cell"),
            ("value bundle=b cell=resolve@hyper", "it has no metric"),
            ("value bundle=b cell=resolve@hyper metric=cpu of=mean", "of: there is no number"),
            ("quoted", "names no source"),
        ] {
            let error = heading.parse::<Spec>().unwrap_err();
            assert!(error.contains(why), "{heading}: {error}");
        }
    }
}
