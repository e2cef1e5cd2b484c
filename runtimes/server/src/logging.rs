//! Logs: text or JSON on standard error, and a bound on what one place in the code may write.
//!
//! Whoever attacks the server writes its log, so each place has a token bucket. What a bucket
//! leaves out is counted, and the count is logged once a second and shown in the metrics.

use crate::config::{Config, LogFormat};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Event, Metadata, warn};
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Filter, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Registry};

/// The target of the lines that say what was left out; they are never left out themselves.
const SUPPRESSED_TARGET: &str = "hunt_server::suppressed";
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// A token bucket for each place in the code that logs; shared by whoever holds a clone.
#[derive(Clone, Debug)]
pub struct RateLimit {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    events_per_s: u32,
    // Places are static, so the map is bounded by the code; the key is the address of the place.
    buckets: Mutex<BTreeMap<usize, Bucket>>,
    suppressed: AtomicU64,
}

#[derive(Debug)]
struct Bucket {
    place: &'static Metadata<'static>,
    tokens: f64,
    filled: Instant,
    suppressed: u64,
}

impl RateLimit {
    /// At most `events_per_s` from one place each second, and as many at once.
    #[must_use]
    pub fn new(events_per_s: u32) -> Self {
        let buckets = Mutex::new(BTreeMap::new());
        Self { shared: Arc::new(Shared { events_per_s, buckets, suppressed: AtomicU64::new(0) }) }
    }

    /// Whether an event of `place` is written now.
    pub fn admit(&self, place: &'static Metadata<'static>, now: Instant) -> bool {
        if place.target() == SUPPRESSED_TARGET {
            return true;
        }
        let full = f64::from(self.shared.events_per_s);
        let mut buckets = self.shared.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(std::ptr::from_ref(place) as usize).or_insert(Bucket {
            place,
            tokens: full,
            filled: now,
            suppressed: 0,
        });
        let elapsed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * full).min(full);
        bucket.filled = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return true;
        }
        bucket.suppressed += 1;
        self.shared.suppressed.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// How many events were left out since the start.
    #[must_use]
    pub fn suppressed(&self) -> u64 {
        self.shared.suppressed.load(Ordering::Relaxed)
    }

    /// Logs what was left out since the last call.
    pub fn report(&self) {
        let mut left_out = Vec::new();
        let mut buckets = self.shared.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for bucket in buckets.values_mut().filter(|bucket| bucket.suppressed > 0) {
            left_out.push((bucket.place, std::mem::take(&mut bucket.suppressed)));
        }
        // Logging takes the lock again.
        drop(buckets);
        for (place, count) in left_out {
            let at = format!("{}:{}", place.file().unwrap_or("?"), place.line().unwrap_or(0));
            warn!(target: SUPPRESSED_TARGET, at, of = place.target(), "{count} similar suppressed");
        }
    }

    /// Starts the thread that reports once a second.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn report_from_thread(&self) -> io::Result<()> {
        let limit = self.clone();
        let report = move || {
            loop {
                thread::park_timeout(REPORT_EVERY);
                limit.report();
            }
        };
        thread::Builder::new().name("hunt-log".into()).spawn(report).map(drop)
    }
}

impl<S> Filter<S> for RateLimit {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        // With `always` the registry skips `enabled`, and does not notice what is left out below.
        Interest::sometimes()
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.admit(event.metadata(), Instant::now())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }
}

/// Turns logs on for the whole process.
///
/// # Errors
/// If logs were turned on before, or the thread of the reports cannot be started.
pub fn start(config: &Config) -> anyhow::Result<RateLimit> {
    let limit = RateLimit::new(config.log_events_per_s);
    // A person at a terminal gets colours, unless asked for none (no-color.org).
    let colour =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let layer = layer(config, &limit, io::stderr, colour);
    tracing::subscriber::set_global_default(Registry::default().with(layer))?;
    limit.report_from_thread()?;
    Ok(limit)
}

/// The layer that writes, filtered by level and rate.
fn layer<S, W>(
    config: &Config,
    limit: &RateLimit,
    writer: W,
    colour: bool,
) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let levels = EnvFilter::try_new(&config.log).expect("the filter was checked when it was set");
    let filter = levels.and(limit.clone());
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    match config.log_format {
        LogFormat::Text => layer.with_ansi(colour).with_filter(filter).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::{debug, info};

    /// What was written so far.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn lines(&self) -> Vec<String> {
            let bytes = self.0.lock().unwrap();
            String::from_utf8(bytes.clone()).unwrap().lines().map(Into::into).collect()
        }
    }

    fn logged(config: &Config, work: impl FnOnce(&RateLimit)) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        let limit = RateLimit::new(config.log_events_per_s);
        let layer = layer(config, &limit, move || writer.clone(), false);
        let subscriber = Registry::default().with(layer);
        tracing::subscriber::with_default(subscriber, || work(&limit));
        written.lines()
    }

    #[test]
    fn a_place_that_logs_too_much_is_cut_off_and_the_rest_is_counted() {
        let config = Config { log_events_per_s: 3, ..Config::default() };
        let lines = logged(&config, |limit| {
            for n in 0..1000 {
                info!(n, "attack");
            }
            info!("another place");
            // A slow machine may refill a token or two within the loop.
            assert!((900..=997).contains(&limit.suppressed()), "{}", limit.suppressed());
            limit.report();
            limit.report();
        });
        let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
        assert!((3..=100).contains(&count("attack")), "{lines:#?}");
        assert_eq!(count("another place"), 1);
        assert_eq!(count("similar suppressed"), 1, "{lines:#?}");
        assert_eq!(count("logging.rs"), 1);
        let said = lines.iter().find(|line| line.contains("similar suppressed")).unwrap();
        let left_out = 1000 - count("attack");
        assert!(said.contains(&format!("{left_out} similar suppressed")), "{said}");
    }

    #[test]
    fn a_bucket_fills_again_with_time() {
        fn place() -> &'static Metadata<'static> {
            use tracing::callsite::Callsite;
            struct Place;
            impl Callsite for Place {
                fn set_interest(&self, _: Interest) {}
                fn metadata(&self) -> &Metadata<'_> {
                    &META
                }
            }
            static META: Metadata<'static> = tracing::metadata! {
                name: "place",
                target: "test",
                level: tracing::Level::INFO,
                fields: &[],
                callsite: &Place,
                kind: tracing::metadata::Kind::EVENT
            };
            &META
        }
        let limit = RateLimit::new(2);
        let start = Instant::now();
        let at = |ms| limit.admit(place(), start + Duration::from_millis(ms));
        assert_eq!([at(0), at(0), at(0), at(499)], [true, true, false, false]);
        assert_eq!([at(500), at(501)], [true, false]);
        // However long nothing came, no more than a second's worth comes at once.
        assert_eq!([at(60_000), at(60_000), at(60_000)], [true, true, false]);
        assert_eq!(limit.suppressed(), 4);
    }

    #[test]
    fn the_filter_decides_what_is_logged() {
        let config = Config { log: "warn,hunt_server=debug".into(), ..Config::default() };
        let lines = logged(&config, |_| {
            debug!("ours");
            info!(target: "theirs", "not ours");
        });
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains("ours"));
    }

    #[test]
    fn json_logs_are_one_object_a_line() {
        let config = Config { log_format: LogFormat::Json, ..Config::default() };
        let lines = logged(&config, |_| info!(peer = "a\"\nb", count = 3, "hello"));
        assert_eq!(lines.len(), 1);
        let line: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["message"], "hello");
        assert_eq!(line["peer"], "a\"\nb");
        assert_eq!(line["count"], 3);
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn text_of_a_peer_cannot_forge_a_line() {
        let config = Config::default();
        let lines = logged(&config, |_| info!(peer = ?"a\nINFO forged", "hello"));
        assert_eq!(lines.len(), 1, "{lines:#?}");
    }
}
