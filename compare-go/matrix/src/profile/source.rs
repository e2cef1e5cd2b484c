//! Which functions lie at an address of a program: its line tables tell the functions that were
//! inlined there too, so that layers stay apart which the compiler melted into one symbol.

use crate::profile::perf_script::{Frame, Sample};
use crate::profile::rules::KERNEL;
use crate::profile::stacks::{self, Stacks};
use addr2line::{Loader, demangle_auto};
use object::{Object, ObjectSegment};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// The files of sampled addresses, each looked into once.
#[derive(Default)]
pub struct Sources {
    files: BTreeMap<String, Option<File>>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.files.keys()).finish()
    }
}

/// A file with its line tables.
struct File {
    /// Where segments lie in the file, and which addresses they have.
    segments: Vec<(u64, u64, u64)>,
    loader: Loader,
    /// What was found already, by offset.
    known: BTreeMap<u64, Vec<String>>,
}

impl Sources {
    /// The stacks of samples, with the functions that were inlined.
    #[must_use]
    pub fn stacks(&mut self, samples: &[Sample<'_>]) -> Stacks {
        let mut stacks = Stacks::default();
        for sample in samples {
            let mut frames = Vec::new();
            for (index, frame) in sample.frames.iter().enumerate() {
                frames.extend(self.frames(*frame, index == 0));
            }
            if frames.is_empty() {
                frames.push(stacks::frame("unknown", "no stack"));
            }
            stacks.add(&frames, 1);
        }
        stacks
    }

    /// The functions at a frame, the innermost first.
    fn frames(&mut self, frame: Frame<'_>, innermost: bool) -> Vec<String> {
        let of_symbol = || {
            let symbol = frame.symbol.unwrap_or("unknown");
            vec![stacks::frame(symbol, &place_of(frame.file))]
        };
        if frame.file.starts_with('[') {
            return of_symbol();
        }
        let file =
            self.files.entry(frame.file.to_owned()).or_insert_with(|| File::open(frame.file));
        let Some(file) = file else { return of_symbol() };
        // Of a caller the address is that of the instruction after the call.
        let offset = if innermost { frame.offset } else { frame.offset.saturating_sub(1) };
        if let Some(found) = file.known.get(&offset) {
            return found.clone();
        }
        let found = file.functions(offset, frame).unwrap_or_else(of_symbol);
        file.known.insert(offset, found.clone());
        found
    }
}

impl File {
    /// None where it is no program with segments.
    fn open(path: &str) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let parsed = object::File::parse(&*bytes).ok()?;
        let segments = parsed.segments().map(|segment| {
            let (begin, length) = segment.file_range();
            (begin, length, segment.address())
        });
        let segments = segments.collect();
        let loader = Loader::new(Path::new(path)).ok()?;
        Some(Self { segments, loader, known: BTreeMap::new() })
    }

    /// The functions at an offset, the innermost first; none where line tables tell none.
    fn functions(&self, offset: u64, frame: Frame<'_>) -> Option<Vec<String>> {
        let segment = self
            .segments
            .iter()
            .find(|(begin, length, _)| offset >= *begin && offset - begin < *length);
        let (begin, _, address) = segment?;
        let mut found = Vec::new();
        let mut frames = self.loader.find_frames(offset - begin + address).ok()?;
        while let Ok(Some(inlined)) = frames.next() {
            let name = inlined.function.as_ref().and_then(|function| {
                let raw = function.raw_name().ok()?;
                Some(demangle_auto(Cow::Owned(raw.into_owned()), function.language).into_owned())
            });
            let place = inlined.location.as_ref().and_then(|location| location.file);
            let place = place.map_or_else(|| place_of(frame.file), place_of);
            let name = name.as_deref().or(frame.symbol).unwrap_or("unknown");
            found.push(stacks::frame(name, &place));
        }
        (!found.is_empty()).then_some(found)
    }
}

/// Where something is, without what is a matter of the machine: from a package of the registry, of
/// Go's modules, of a standard library, or of this repository on.
pub(super) fn place_of(path: &str) -> String {
    if path.starts_with("[kernel") {
        return KERNEL.to_owned();
    }
    if let Some(name) = path.strip_prefix('[') {
        // `[vdso]` keeps its brackets off; a module of the kernel is the kernel.
        return if name == "vdso]" { "vdso".to_owned() } else { KERNEL.to_owned() };
    }
    if let Some((_, rest)) = path.split_once("/registry/src/") {
        return rest.split_once('/').map_or(rest, |(_, rest)| rest).to_owned();
    }
    // C that a package of the registry builds: `build/PACKAGE-HASH/out/REST`.
    if let Some((before, rest)) = path.split_once("/out/")
        && let Some((_, package)) = before.rsplit_once("/build/")
        && let Some((package, _)) = package.rsplit_once('-')
    {
        return format!("{package}/{rest}");
    }
    for before in ["/library/", "/rust/deps/", "/go/pkg/mod/", "/usr/local/go/src/", "/go/src/"] {
        if let Some((_, rest)) = path.split_once(before) {
            return rest.to_owned();
        }
    }
    for folder in ["/engine-core/", "/runtimes/", "/allocators/", "/compare-go/"] {
        if let Some(at) = path.find(folder) {
            return path[at + 1..].to_owned();
        }
    }
    match path.rsplit_once('/') {
        Some((_, name)) if path.starts_with('/') => name.to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_on_every_machine() {
        for (path, place) in [
            ("[kernel.kallsyms]", "kernel"),
            ("[nf_tables]", "kernel"),
            ("[vdso]", "vdso"),
            ("/usr/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6"),
            ("/a/registry/src/index-1/tokio-1.54.1/src/io.rs", "tokio-1.54.1/src/io.rs"),
            ("/rustc/5980/library/core/src/ptr/mod.rs", "core/src/ptr/mod.rs"),
            ("/rust/deps/hashbrown-0.15.1/src/raw.rs", "hashbrown-0.15.1/src/raw.rs"),
            ("/b/x/engine-core/src/http/head.rs", "engine-core/src/http/head.rs"),
            ("/b/x/runtimes/driver/src/lib.rs", "runtimes/driver/src/lib.rs"),
            ("/usr/local/go/src/runtime/proc.go", "runtime/proc.go"),
            ("runtime/proc.go", "runtime/proc.go"),
            (
                "/x/go/pkg/mod/github.com/valyala/fasthttp@v1/server.go",
                "github.com/valyala/fasthttp@v1/server.go",
            ),
            ("./nptl/start.c", "./nptl/start.c"),
        ] {
            assert_eq!(place_of(path), place);
        }
    }
}
