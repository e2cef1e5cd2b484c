//! Profiles that Go takes of itself, as `/debug/pprof/profile` answers them: read to stacks.

use crate::bundle::profile::Sampled;
use crate::bundle::run::CommandLine;
use crate::profile::source::place_of;
use crate::profile::stacks::{self, Stacks};
use anyhow::{Context, ensure};
use flate2::read::GzDecoder;
use prost::Message;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The most bytes of a profile, once unpacked.
const BYTES_MAX: u64 = 64 << 20;

/// The parts of `perftools.profiles.Profile` that stacks are made of.
#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    value_types: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    locations: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    functions: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    strings: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    name: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    /// The innermost first.
    #[prost(uint64, repeated, tag = "1")]
    locations: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    values: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    /// The functions that were inlined, the innermost first.
    #[prost(message, repeated, tag = "4")]
    lines: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "4")]
    file: i64,
}

/// How often Go looks, in times a second of CPU time; its own default.
pub const PER_S: u32 = 100;

/// Asks a server on its admin listener to sample itself for some seconds, and reads the answer.
///
/// # Errors
/// If it does not answer as it must.
pub fn sample(admin: SocketAddr, seconds: u32) -> anyhow::Result<Sampled> {
    let target = format!("/debug/pprof/profile?seconds={seconds}");
    let patience = Duration::from_secs(u64::from(seconds) + 20);
    let mut stream = TcpStream::connect_timeout(&admin, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(patience))?;
    // Of version 1.0, so that the answer has no chunks and ends with the connection.
    write!(stream, "GET {target} HTTP/1.0\r\nHost: {admin}\r\n\r\n")?;
    let mut answered = Vec::new();
    stream.take(BYTES_MAX).read_to_end(&mut answered)?;
    let head = answered.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let head = head.context("an answer without an end of its head")?;
    let status = String::from_utf8_lossy(&answered[..head]);
    let status = status.lines().next().unwrap_or_default();
    ensure!(status.split(' ').nth(1) == Some("200"), "{target} was answered with `{status}`");
    let stacks = read(&answered[head + 4..]).map_err(anyhow::Error::msg)?;
    ensure!(stacks.samples() > 0, "the server had no CPU time while it was sampled");
    let args = vec!["GET".to_owned(), target];
    let command = CommandLine { program: "admin".to_owned(), args, ..CommandLine::default() };
    let taken_ms = u64::from(seconds) * 1_000;
    Ok(Sampled { command, per_s: PER_S, taken_ms, stacks: stacks.lines() })
}

/// Reads what was answered.
///
/// # Errors
/// If it is no such profile, or names what is not in it.
pub fn read(answered: &[u8]) -> Result<Stacks, String> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(answered).take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("not compressed as a profile is: {error}"))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("a profile of over {BYTES_MAX} bytes"));
    }
    let profile = Profile::decode(&*bytes).map_err(|error| format!("no profile: {error}"))?;
    profile.stacks()
}

impl Profile {
    fn stacks(&self) -> Result<Stacks, String> {
        // What is counted: `samples`, and beside it the time that they stand for.
        let mut counted = None;
        for (index, value) in self.value_types.iter().enumerate() {
            if self.text(value.name)? == "samples" {
                counted = Some(index);
            }
        }
        let counted = counted.ok_or("it counts no samples")?;
        let functions: BTreeMap<u64, &Function> =
            self.functions.iter().map(|function| (function.id, function)).collect();
        let locations: BTreeMap<u64, &Location> =
            self.locations.iter().map(|location| (location.id, location)).collect();
        let mut stacks = Stacks::default();
        for sample in &self.samples {
            let count = sample.values.get(counted).copied().unwrap_or_default();
            let count = u64::try_from(count).map_err(|_| "a count below 0")?;
            let mut frames = Vec::new();
            for id in &sample.locations {
                let location = locations.get(id).ok_or_else(|| format!("no location {id}"))?;
                for line in &location.lines {
                    let function = functions.get(&line.function);
                    let function = function.ok_or_else(|| format!("no function {id}"))?;
                    let place = place_of(self.text(function.file)?);
                    frames.push(stacks::frame(self.text(function.name)?, &place));
                }
            }
            if count > 0 && !frames.is_empty() {
                stacks.add(&frames, count);
            }
        }
        Ok(stacks)
    }

    fn text(&self, index: i64) -> Result<&str, String> {
        let text = usize::try_from(index).ok().and_then(|index| self.strings.get(index));
        text.map(String::as_str).ok_or_else(|| format!("no text {index}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn packed(profile: &Profile) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&profile.encode_to_vec()).unwrap();
        packed.finish().unwrap()
    }

    fn profile() -> Profile {
        let strings = [
            "",
            "samples",
            "cpu",
            "runtime.mallocgc",
            "/usr/local/go/src/runtime/malloc.go",
            "runtime.newobject",
            "main.main",
            "/b/compare-go/reference/cmd/main.go",
        ];
        let function = |id, name, file| Function { id, name, file };
        let lines = |ids: &[u64]| ids.iter().map(|id| Line { function: *id }).collect();
        Profile {
            value_types: vec![ValueType { name: 1 }, ValueType { name: 2 }],
            samples: vec![
                Sample { locations: vec![11, 12], values: vec![3, 30_000_000] },
                Sample { locations: vec![12], values: vec![1, 10_000_000] },
                Sample { locations: vec![12], values: vec![0, 0] },
            ],
            locations: vec![
                Location { id: 11, lines: lines(&[1, 2]) },
                Location { id: 12, lines: lines(&[3]) },
            ],
            functions: vec![function(1, 3, 4), function(2, 5, 4), function(3, 6, 7)],
            strings: strings.map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn samples_are_read_with_the_functions_that_were_inlined() {
        let main = "main.main [compare-go/reference/cmd/main.go]";
        assert_eq!(
            read(&packed(&profile())).unwrap().lines(),
            [
                format!("{main} 1"),
                format!(
                    "{main};runtime.newobject [runtime/malloc.go];runtime.mallocgc \
                     [runtime/malloc.go] 3"
                ),
            ]
        );
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        let error = |change: &dyn Fn(&mut Profile)| {
            let mut changed = profile();
            change(&mut changed);
            read(&packed(&changed)).unwrap_err()
        };
        assert_eq!(error(&|p| p.samples[0].locations[0] = 9), "no location 9");
        assert_eq!(error(&|p| p.functions[0].name = 99), "no text 99");
        assert_eq!(error(&|p| p.functions[0].file = -1), "no text -1");
        assert_eq!(error(&|p| p.value_types.truncate(0)), "it counts no samples");
        assert_eq!(error(&|p| p.samples[0].values[0] = -1), "a count below 0");
        assert!(error(&|p| p.functions.truncate(1)).starts_with("no function"));
        assert!(read(b"profile").unwrap_err().starts_with("not compressed"));
    }
}
