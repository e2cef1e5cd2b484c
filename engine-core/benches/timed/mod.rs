//! The paths of one group, timed by criterion.

use crate::paths::{Path, Size};
use criterion::{Criterion, Throughput};

/// Times each of `paths`. The first part of their names is the group.
pub(crate) fn group(criterion: &mut Criterion, paths: &[Path]) {
    let (name, _) = paths[0].name.split_once('/').expect("a name begins with its group");
    let mut group = criterion.benchmark_group(name);
    for path in paths {
        let mut step = (path.ready)();
        match step.size {
            Size::One => {}
            Size::Bytes(bytes) => {
                group.throughput(Throughput::Bytes(bytes as u64));
            }
            Size::Elements(count) => {
                group.throughput(Throughput::Elements(count as u64));
            }
        }
        group.bench_function(&path.name[name.len() + 1..], |b| b.iter(|| (step.run)()));
    }
    group.finish();
}
