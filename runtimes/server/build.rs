//! Facts of the build that the program tells about itself: commit, compiler, target.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=HUNT_BUILD_COMMIT");
    let commit = env::var("HUNT_BUILD_COMMIT").ok().or_else(commit_of_checkout);
    println!("cargo::rustc-env=HUNT_BUILD_COMMIT={}", commit.unwrap_or_default());
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = stdout_of(&rustc, &["--version"]).unwrap_or_default();
    println!("cargo::rustc-env=HUNT_BUILD_RUSTC={version}");
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=HUNT_BUILD_TARGET={target}");
}

/// The commit, where this package lies in a checkout of its own repository.
fn commit_of_checkout() -> Option<String> {
    // A checkout of another project that vendors this one has a commit that says nothing of us.
    stdout_of("git", &["ls-files", "--error-unmatch", "build.rs"])?;
    // The log of HEAD grows with every commit and every switch; HEAD itself only with a switch.
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = stdout_of("git", &["rev-parse", "--git-path", file])
            && Path::new(&path).exists()
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    stdout_of("git", &["rev-parse", "--short=12", "HEAD"])
}

fn stdout_of(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
