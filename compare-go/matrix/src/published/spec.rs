//! What the heading of a block asks for.

use crate::cell::{Cell, UnknownWord, Workload};
use crate::figures::Metric;
use crate::plan::Filter;
use crate::slo::Percentile;
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
        /// The best server of the engine beside those of Go, what is promised of the two, and by
        /// how much they differ.
        Scenario = "scenario",
        /// Each build of Go by default and tuned.
        Tuning = "tuning",
        /// What runtime, allocator and arena do to a metric.
        Effects = "effects",
        /// The share of each layer in the CPU time of servers.
        Layers = "layers",
        /// How hard each workload of a bundle asked, and its unit of work.
        Loads = "loads",
        /// What a bundle was measured on.
        Environment = "environment",
    }
}

words! {
    /// A plot.
    pub enum Plot("plot") {
        /// A metric of every server under a workload, as bars with intervals.
        Bars = "bars",
        /// Latencies of every server under a workload, by percentile.
        Latency = "latency",
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

/// Which bundle backs a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The one of this name.
    Named(String),
    /// The one that measured the workload at the largest extent to its end; of several the newest.
    /// While there is none, or it does not have what is asked for, the block says so.
    Newest,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("it names no bundle".into()),
            "newest" => Ok(Self::Newest),
            name => Ok(Self::Named(name.to_owned())),
        }
    }
}

/// What a block asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// A table.
    Table {
        /// Which.
        table: Table,
        /// The bundle.
        bundle: Source,
        /// The workload.
        workload: Workload,
        /// The metrics, for those tables that let them be chosen.
        metrics: Vec<Metric>,
        /// The servers; all where none is given.
        servers: Option<Filter>,
    },
    /// A table of a metric by the cores that servers had.
    Scaling {
        /// The bundles, one for each number of cores.
        bundles: Vec<String>,
        /// The workload.
        workload: Workload,
        /// Of what.
        metric: Metric,
        /// The servers; all where none is given.
        servers: Option<Filter>,
    },
    /// A plot, in a file beside the document.
    Plot {
        /// Which.
        plot: Plot,
        /// The bundle.
        bundle: Source,
        /// The workload.
        workload: Workload,
        /// Of what.
        metric: Metric,
        /// The servers; all where none is given.
        servers: Option<Filter>,
        /// The file, from the folder of the document.
        file: String,
    },
    /// What each extent of the matrix asks of servers under each workload; no bundle is needed.
    Workloads,
    /// One number.
    Value {
        /// The bundle.
        bundle: Source,
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
            Some("plot") => plot(words),
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
                known: vec!["table", "plot", "value", "quoted", "constants"],
            }
            .to_string()),
        }
    }
}

fn table<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Spec, String> {
    let name = words.next().ok_or("which table? write `table headline bundle=NAME`")?;
    if name == "workloads" {
        Keys::read(words)?.end()?;
        return Ok(Spec::Workloads);
    }
    if name == "scaling" {
        return scaling(words);
    }
    let table: Table = name.parse().map_err(|error: UnknownWord| error.to_string())?;
    let mut keys = Keys::read(words)?;
    let bundle = keys.bundle()?;
    let workload = keys.parsed("workload")?.unwrap_or(Workload::Resolve);
    let servers = keys.parsed("servers")?;
    let metrics = match table {
        Table::Headline
        | Table::Environment
        | Table::Scenario
        | Table::Tuning
        | Table::Layers
        | Table::Loads => Vec::new(),
        Table::Metrics => list(&keys.need("metrics")?)?,
        Table::Ranking | Table::Effects => vec![keys.need("metric")?.parse()?],
    };
    keys.end()?;
    Ok(Spec::Table { table, bundle, workload, metrics, servers })
}

fn scaling<'a>(words: impl Iterator<Item = &'a str>) -> Result<Spec, String> {
    let mut keys = Keys::read(words)?;
    let bundles = keys.need("bundles")?.split(',').map(str::to_owned).collect();
    let workload = keys.parsed("workload")?.unwrap_or(Workload::Resolve);
    let metric = keys.need("metric")?.parse()?;
    let servers = keys.parsed("servers")?;
    keys.end()?;
    Ok(Spec::Scaling { bundles, workload, metric, servers })
}

fn plot<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Spec, String> {
    let name =
        words.next().ok_or("which plot? write `plot bars bundle=NAME metric=M file=F.svg`")?;
    let plot: Plot = name.parse().map_err(|error: UnknownWord| error.to_string())?;
    let mut keys = Keys::read(words)?;
    let bundle = keys.bundle()?;
    let workload = keys.parsed("workload")?.unwrap_or(Workload::Resolve);
    let servers = keys.parsed("servers")?;
    let metric = match plot {
        Plot::Bars => keys.need("metric")?.parse()?,
        Plot::Latency => Metric::Latency(Percentile::P99),
    };
    let file = keys.need("file")?;
    let outside = file.starts_with('/') || file.split('/').any(|part| part == "..");
    if outside || !file.ends_with(".svg") {
        return Err(format!("file: `{file}` is no `.svg` at or below the document's folder"));
    }
    keys.end()?;
    Ok(Spec::Plot { plot, bundle, workload, metric, servers, file })
}

fn value<'a>(words: impl Iterator<Item = &'a str>) -> Result<Spec, String> {
    let mut keys = Keys::read(words)?;
    let bundle = keys.bundle()?;
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

    fn bundle(&mut self) -> Result<Source, String> {
        self.need("bundle")?.parse()
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
        assert_eq!((table, workload), (Table::Metrics, Workload::Loot));
        assert_eq!(bundle, Source::Named("b".into()));
        assert_eq!(metrics.len(), 2);
        assert_eq!(servers.unwrap().text(), "kind=go");
        let spec: Spec = "value bundle=b cell=resolve@hyper metric=cpu of=lower".parse().unwrap();
        assert!(matches!(spec, Spec::Value { which: Which::Lower, .. }));
        let spec: Spec = "quoted incidents.md, `resolve`".parse().unwrap();
        assert_eq!(spec, Spec::Quoted { source: "incidents.md, `resolve`".into() });
        let spec: Spec = "plot bars bundle=newest metric=cpu file=results/cpu.svg".parse().unwrap();
        assert!(matches!(spec, Spec::Plot { bundle: Source::Newest, metric: Metric::Cpu, .. }));
        assert_eq!("table workloads".parse(), Ok(Spec::Workloads));
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
            ("table workloads bundle=b", "`bundle=` means nothing here"),
            ("table effects bundle=b", "no `metric=..`"),
            ("table scaling bundles=a,b", "no `metric=..`"),
            ("table scaling bundle=a metric=rate", "no `bundles=..`"),
            ("plot", "which plot?"),
            ("plot bar bundle=b", "`bars` is near"),
            ("plot bars bundle=b metric=cpu", "no `file=..`"),
            ("plot latency bundle=b metric=cpu file=a.svg", "`metric=` means nothing here"),
            ("plot latency bundle=b file=a.png", "no `.svg`"),
            ("plot latency bundle=b file=../a.svg", "below the document's folder"),
            ("quoted", "names no source"),
        ] {
            let error = heading.parse::<Spec>().unwrap_err();
            assert!(error.contains(why), "{heading}: {error}");
        }
    }
}
