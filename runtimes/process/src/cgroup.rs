//! What the control groups of the process leave it of CPU and memory, in version 2 and version 1.
//!
//! A group is bound by those above it too, so each limit is the tightest one on the way up. What
//! cannot be read sets no limit.

use serde::Serialize;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// The limits in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cgroup {
    /// Which version bounds the process; none where no group is found.
    pub version: Option<Version>,
    /// CPUs' worth of time, where there is a quota: `0.5` is half of one.
    pub cpus: Option<f64>,
    /// The most bytes of memory, where they are bounded.
    pub memory_bytes: Option<u64>,
}

/// A version of control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// A hierarchy for each controller.
    V1,
    /// One hierarchy.
    V2,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        })
    }
}

/// Limits of memory from here on are how version 1 says that there is none.
const MEMORY_UNBOUNDED: u64 = 1 << 62;

impl Cgroup {
    /// Reads the limits of this process. `root` is `/`, or a copy of the files for a test.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let text = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
        let groups = Groups { own: text("proc/self/cgroup"), mounts: text("proc/self/mountinfo") };
        let v1 = |controller: &str| groups.find(root, Version::V1, controller);
        let unified = groups.find(root, Version::V2, "").unwrap_or_default();
        let (cpu, memory) = (v1("cpu"), v1("memory"));
        // A controller that version 1 has is not version 2's.
        let found = match (&cpu, &memory, unified.is_empty()) {
            (None, None, true) => None,
            (None, None, false) => Some(Version::V2),
            _ => Some(Version::V1),
        };
        Self {
            version: found,
            cpus: match cpu {
                Some(levels) => levels.iter().filter_map(|level| cpus_v1(level)).reduce(f64::min),
                None => unified.iter().filter_map(|level| cpus_v2(level)).reduce(f64::min),
            },
            memory_bytes: match memory {
                Some(levels) => levels.iter().filter_map(|level| memory_v1(level)).min(),
                None => unified.iter().filter_map(|level| memory_v2(level)).min(),
            },
        }
    }
}

/// The two files in which the kernel says where the groups of a process are.
struct Groups {
    own: String,
    mounts: String,
}

impl Groups {
    /// The folder of the process's group and those above it, up to where they are mounted; the
    /// controller is named for version 1.
    fn find(&self, root: &Path, version: Version, controller: &str) -> Option<Vec<PathBuf>> {
        let own = self.own.lines().find_map(|line| {
            // `4:cpu,cpuacct:/a/b`, in version 2 `0::/a/b`.
            let mut fields = line.splitn(3, ':').skip(1);
            let controllers = fields.next()?;
            let found = controllers.split(',').any(|name| name == controller);
            fields.next().filter(|_| found)
        })?;
        let (mounted, at) = self.mounts.lines().find_map(|line| {
            // `36 35 0:33 ROOT MOUNT-POINT OPTIONS … - TYPE SOURCE OPTIONS`
            let (before, after) = line.split_once(" - ")?;
            let mut before = before.split(' ').skip(3);
            let mut after = after.split(' ');
            let (mounted, at) = (before.next()?, before.next()?);
            let (kind, options) = (after.next()?, after.nth(1)?);
            let found = match version {
                Version::V2 => kind == "cgroup2",
                Version::V1 => {
                    kind == "cgroup" && options.split(',').any(|name| name == controller)
                }
            };
            found.then_some((mounted, at))
        })?;
        let mount = root.join(at.trim_start_matches('/'));
        // A group outside of what is mounted here, as in a container, has the mount's own limits.
        let below = Path::new(own).strip_prefix(mounted).unwrap_or(Path::new(""));
        let levels = mount.join(below);
        let levels = levels.ancestors().take_while(|level| level.starts_with(&mount));
        Some(levels.map(Path::to_owned).collect())
    }
}

fn cpus_v2(level: &Path) -> Option<f64> {
    let text = fs::read_to_string(level.join("cpu.max")).ok()?;
    let (quota, period) = text.trim().split_once(' ')?;
    share(quota, period)
}

fn cpus_v1(level: &Path) -> Option<f64> {
    let quota = fs::read_to_string(level.join("cpu.cfs_quota_us")).ok()?;
    let period = fs::read_to_string(level.join("cpu.cfs_period_us")).ok()?;
    share(quota.trim(), period.trim())
}

/// Microseconds of CPU in a period; no share where the quota is `max` or `-1`.
fn share(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (u32, u32) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0).then(|| f64::from(quota) / f64::from(period))
}

fn memory_v2(level: &Path) -> Option<u64> {
    fs::read_to_string(level.join("memory.max")).ok()?.trim().parse().ok()
}

fn memory_v1(level: &Path) -> Option<u64> {
    let text = fs::read_to_string(level.join("memory.limit_in_bytes")).ok()?;
    text.trim().parse().ok().filter(|bytes| *bytes < MEMORY_UNBOUNDED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A copy of the kernel's files, gone when the test is.
    struct Files(PathBuf);

    impl Files {
        fn new(files: &[(&str, &str)]) -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("hunt-cgroup-{}-{number}", std::process::id());
            let root = std::env::temp_dir().join(name);
            for (name, text) in files {
                let path = root.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(root)
        }

        fn read(&self) -> Cgroup {
            Cgroup::read(&self.0)
        }
    }

    impl Drop for Files {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const MOUNT_V2: &str = "30 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
    const MOUNT_V1: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                            35 31 0:32 /docker/a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

    #[test]
    fn version_2_is_bound_by_the_tightest_group_on_the_way_up() {
        let files = Files::new(&[
            ("proc/self/cgroup", "0::/kubepods/pod/main\n"),
            ("proc/self/mountinfo", MOUNT_V2),
            ("sys/fs/cgroup/kubepods/pod/main/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/kubepods/pod/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/kubepods/cpu.max", "400000 100000\n"),
            ("sys/fs/cgroup/kubepods/pod/main/memory.max", "536870912\n"),
            ("sys/fs/cgroup/kubepods/memory.max", "max\n"),
        ]);
        let expected = Cgroup {
            version: Some(Version::V2),
            cpus: Some(1.5),
            memory_bytes: Some(512 * 1024 * 1024),
        };
        assert_eq!(files.read(), expected);
    }

    #[test]
    fn version_1_has_a_hierarchy_for_each_controller() {
        let files = Files::new(&[
            ("proc/self/cgroup", "4:memory:/docker/a\n1:cpu,cpuacct:/\n0::/\n"),
            ("proc/self/mountinfo", &format!("{MOUNT_V2}{MOUNT_V1}")),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1048576\n"),
        ]);
        let expected =
            Cgroup { version: Some(Version::V1), cpus: Some(0.5), memory_bytes: Some(1048576) };
        assert_eq!(files.read(), expected);
    }

    #[test]
    fn no_quota_and_no_bound_are_no_limit() {
        let files = Files::new(&[
            ("proc/self/cgroup", "4:memory:/elsewhere\n1:cpu,cpuacct:/\n"),
            ("proc/self/mountinfo", MOUNT_V1),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ]);
        let expected = Cgroup { version: Some(Version::V1), cpus: None, memory_bytes: None };
        assert_eq!(files.read(), expected);
    }

    #[test]
    fn without_control_groups_nothing_is_bound() {
        assert_eq!(
            Files::new(&[("proc/self/mountinfo", "not a mount\n")]).read(),
            Cgroup::default()
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_groups_of_this_process_are_read() {
        let cgroup = Cgroup::read(Path::new("/"));
        assert!(cgroup.cpus.is_none_or(|cpus| cpus > 0.0), "{cgroup:?}");
        assert!(cgroup.memory_bytes.is_none_or(|bytes| bytes > 1 << 20), "{cgroup:?}");
    }
}
