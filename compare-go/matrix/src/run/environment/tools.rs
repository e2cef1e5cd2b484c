//! Compilers and tools by the versions that they tell.

use super::files::Said;
use crate::bundle::observed::Observed;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How long a program may take to tell its version. Go may fetch another Go first.
pub(super) const VERSION_WAIT: Duration = Duration::from_secs(60);

/// A program, and how it is asked.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Its name here.
    pub(crate) name: &'static str,
    /// The program on PATH.
    program: &'static str,
    args: &'static [&'static str],
    /// In which folder, since compilers are chosen by it.
    folder: &'static str,
}

/// All of them.
pub(crate) const TOOLS: &[Tool] = &[
    Tool { name: "cargo", program: "cargo", args: &["--version"], folder: "" },
    Tool { name: "cc", program: "cc", args: &["--version"], folder: "" },
    Tool { name: "git", program: "git", args: &["--version"], folder: "" },
    Tool { name: "glibc", program: "getconf", args: &["GNU_LIBC_VERSION"], folder: "" },
    Tool { name: "go", program: "go", args: &["version"], folder: "compare-go/reference" },
    Tool { name: "perf", program: "perf", args: &["--version"], folder: "" },
    Tool { name: "rustc", program: "rustc", args: &["--version"], folder: "" },
    Tool { name: "strace", program: "strace", args: &["--version"], folder: "" },
    Tool { name: "strip", program: "strip", args: &["--version"], folder: "" },
    Tool { name: "wrk", program: "wrk", args: &["-v"], folder: "" },
];

/// Those that programs are built by.
const COMPILERS: [&str; 4] = ["cargo", "cc", "go", "rustc"];

impl Tool {
    /// The line in which it names itself.
    ///
    /// # Errors
    /// If it is not there, or says nothing.
    pub(crate) fn version(&self, top: &Path) -> Result<String, String> {
        let Self { name, program, args, folder } = self;
        let folder = top.join(folder);
        let folder = if folder.is_dir() { &folder } else { top };
        let said = Said::by(folder, program, args, VERSION_WAIT)?;
        let line = said.first_line().ok_or(format!("{program} does not tell its version"))?;
        // wrk tells its version as a fault; others that fail name a fault and no version.
        if !said.success && *name != "wrk" {
            return Err(format!("{program} cannot tell its version: {line}"));
        }
        Ok(line.to_owned())
    }
}

/// The versions of all.
pub(super) fn tools(top: &Path) -> BTreeMap<String, Observed<String>> {
    TOOLS.iter().map(|tool| (tool.name.to_owned(), tool.version(top).into())).collect()
}

/// The versions of those that programs are built by.
pub(super) fn compilers(top: &Path) -> BTreeMap<String, Observed<String>> {
    let compilers = TOOLS.iter().filter(|tool| COMPILERS.contains(&tool.name));
    compilers.map(|tool| (tool.name.to_owned(), tool.version(top).into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Tool = Tool { name: "shell", program: "sh", args: &["-c", "exit 1"], folder: "" };

    #[test]
    fn a_tool_tells_its_version_or_why_not() {
        let here = Path::new("/");
        let says = Tool { args: &["-c", "echo sh 5"], folder: "no/such/folder", ..SHELL };
        assert_eq!(says.version(here), Ok("sh 5".into()));
        assert_eq!(SHELL.version(here), Err("sh does not tell its version".into()));
        let fails = Tool { args: &["-c", "echo not for you >&2; exit 2"], ..SHELL };
        assert_eq!(fails.version(here), Err("sh cannot tell its version: not for you".into()));
        let absent = Tool { program: "no-such-tool", ..SHELL };
        assert_eq!(absent.version(here), Err("there is no no-such-tool on PATH".into()));
    }
}
