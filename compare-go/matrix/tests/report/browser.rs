//! The page in a real browser: `tests/browser/check.mjs` looks at it wide and narrow, light and
//! dark, by mouse and by keyboard. Without Node.js, Chromium and Playwright's driver it is left
//! out, which is said; where `MATRIX_BROWSER=required`, that is a failure.

use crate::support::Folder;
use crate::{small, stories};
use matrix::report::{Format, render};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the driver is installed, from the top of the repository.
const TOOLS: &str = "target/tools/browser";

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What is missing, and how it is had.
fn missing() -> Option<String> {
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !runs("node") {
        return Some("Node.js is not installed: apt-get install nodejs".into());
    }
    if !Path::new("/usr/bin/chromium").exists() {
        return Some("Chromium is not installed: apt-get install chromium".into());
    }
    if !top().join(TOOLS).join("node_modules/playwright-core").exists() {
        return Some(format!(
            "{TOOLS} has no driver: npm ci --prefix {TOOLS}, once \
             compare-go/matrix/tests/browser/package*.json are there"
        ));
    }
    None
}

#[test]
fn the_page_looks_and_works_right_in_a_browser() {
    if let Some(why) = missing() {
        assert!(std::env::var_os("MATRIX_BROWSER").is_none(), "{why}");
        eprintln!("left out: the page in a browser: {why}");
        return;
    }
    let folder = Folder::new("browser");
    let page = |name: &str, text: String| {
        let path = folder.path.join(name);
        std::fs::write(&path, text).expect("it can be written");
        path
    };
    let one = page("one.html", render(&stories()[..1], Format::Html).unwrap());
    let two = page("two.html", render(stories(), Format::Html).unwrap());
    let bare = small(|synthetic| (synthetic.rounds, synthetic.proven) = (1, false));
    let bare = page("bare.html", render(&[bare], Format::Html).unwrap());
    let script = top().join("compare-go/matrix/tests/browser/check.mjs");
    let output = Command::new("node")
        .arg(script)
        .args([&one, &two, &bare])
        .env("TOOLS", top().join(TOOLS))
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{faults}");
    eprintln!("{said}");
}
