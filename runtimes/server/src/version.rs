//! What this build is.

use crate::allocator;
use crate::config_keys::{KEYS, Key, Kind};
use backends::Backend;

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The compiler, as it names itself.
pub const RUSTC: &str = env!("HUNT_BUILD_RUSTC");
/// The target triple.
pub const TARGET: &str = env!("HUNT_BUILD_TARGET");

/// The commit, where it was built in a checkout.
#[must_use]
pub fn commit() -> Option<&'static str> {
    Some(env!("HUNT_BUILD_COMMIT")).filter(|commit| !commit.is_empty())
}

/// All of it, as name and value.
#[must_use]
pub fn facts() -> Vec<(&'static str, String)> {
    let mut facts = vec![("version", VERSION.to_owned())];
    facts.extend(commit().map(|commit| ("commit", commit.to_owned())));
    facts.extend([("compiler", RUSTC.to_owned()), ("target", TARGET.to_owned())]);
    facts
}

/// What `--version` prints after the program's name.
#[must_use]
pub fn long_version() -> String {
    let mut text = VERSION.to_owned();
    for (name, value) in facts().into_iter().skip(1) {
        text.push_str(&format!("\n{name}: {value}"));
    }
    text.push_str(&format!("\nallocator: {}", allocator::describe(allocator::seen())));
    let runtimes: Vec<_> = Backend::built_in().map(Backend::name).collect();
    text.push_str(&format!("\nruntimes: {}", runtimes.join(" ")));
    for (key, word) in [(Key::Arena, "arenas"), (Key::Store, "stores")] {
        let choices = KEYS.iter().find_map(|row| match row.kind {
            Kind::Word(words) if row.key == key => Some(words),
            _ => None,
        });
        text.push_str(&format!("\n{word}: {}", choices.unwrap_or_default().join(" ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_compiler_target_and_runtimes() {
        let text = long_version();
        assert!(text.contains("\ncompiler: rustc 1."), "{text}");
        for backend in Backend::ALL {
            let line = text.lines().find_map(|line| line.strip_prefix("runtimes: ")).unwrap();
            let told = line.split(' ').any(|name| name == backend.name());
            assert_eq!(told, backend.is_built_in(), "{text}");
        }
        assert!(text.contains("\narenas: bump heap"), "{text}");
    }
}
