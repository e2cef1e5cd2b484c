//! Reading what the kernel tells in files and what programs print, with a reason where they do not.
//!
//! Files are named from a root, which is `/`, or a copy of the kernel's files for a test.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Where the server lies once it is built: the copy that is measured, and what cargo leaves.
const HUNT_SERVER: [&str; 2] = ["target/matrix/hunt-server", "target/release/hunt-server"];
/// How long the server's doctor may take, which sets rings up.
pub(super) const DOCTOR_WAIT: Duration = Duration::from_secs(20);
/// The most bytes of what a program prints.
const PRINTED_BYTES_MAX: u64 = 1 << 20;

/// The server, where it is built.
pub(crate) fn hunt_server(top: &Path) -> Option<&'static str> {
    HUNT_SERVER.into_iter().find(|program| top.join(program).exists())
}

/// A file without white space around its text.
///
/// # Errors
/// Which file, and why it cannot be read.
pub(crate) fn text(root: &Path, path: &str) -> Result<String, String> {
    let text = fs::read(root.join(path)).map_err(|error| format!("/{path}: {}", why(&error)))?;
    Ok(String::from_utf8_lossy(&text).trim().to_owned())
}

/// A file that holds a number.
///
/// # Errors
/// Which file, and why there is no number.
pub(crate) fn number<N: FromStr>(root: &Path, path: &str) -> Result<N, String> {
    let text = text(root, path)?;
    text.parse().map_err(|_| format!("/{path}: `{text}` is no number that was expected"))
}

/// A field of a file of lines `NAME: VALUE`, as the kernel has many.
pub(crate) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// The choice that stands in brackets, as in `always [madvise] never`.
pub(crate) fn chosen(text: &str) -> &str {
    let inside = text.split_once('[').and_then(|(_, after)| after.split_once(']'));
    inside.map_or(text, |(chosen, _)| chosen)
}

/// Numbers as the kernel lists them: `0-3,8`.
pub(crate) fn list(text: &str) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(first.trim().parse::<u32>().ok()?..=last.trim().parse().ok()?);
    }
    Some(numbers)
}

/// An error of the system without its number, in our voice.
pub(crate) fn why(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

/// What a program printed.
#[derive(Debug)]
pub(crate) struct Said {
    /// To standard output.
    pub(crate) output: String,
    /// To standard error.
    pub(crate) error: String,
    /// Whether it ended with exit code 0.
    pub(crate) success: bool,
}

impl Said {
    /// Runs a program in a folder. One with `/` in its name is found from there, others on PATH.
    /// It sees no variable that configures the server, and speaks English.
    ///
    /// # Errors
    /// If it is not there, or does not end in time; then it is killed.
    pub(crate) fn by(
        folder: &Path,
        program: &str,
        args: &[&str],
        wait: Duration,
    ) -> Result<Self, String> {
        let ours = std::env::vars_os().map(|(name, _)| name);
        let ours = ours.filter(|name| name.to_string_lossy().starts_with("HUNT_"));
        let found = if program.contains('/') { folder.join(program) } else { program.into() };
        let mut command = Command::new(found);
        command.args(args).current_dir(folder).env("LC_ALL", "C");
        for name in ours {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("there is no {program} on PATH"),
            _ => format!("{program} cannot be run: {}", why(&error)),
        })?;
        let said = read(&mut child, wait);
        if said.is_none() {
            let _ = child.kill();
        }
        let status = child.wait().map_err(|error| format!("{program}: {}", why(&error)))?;
        let (output, error) = said.ok_or(format!("{program} did not answer in {wait:?}"))?;
        Ok(Self { output, error, success: status.success() })
    }

    /// The first line that says something, which is where programs name themselves.
    pub(crate) fn first_line(&self) -> Option<&str> {
        let lines = self.output.lines().chain(self.error.lines());
        lines.map(str::trim).find(|line| !line.is_empty())
    }
}

/// Both outputs to their ends; none where they do not end in time.
fn read(child: &mut Child, wait: Duration) -> Option<(String, String)> {
    let output = collected(child.stdout.take()?);
    let error = collected(child.stderr.take()?);
    Some((output.recv_timeout(wait).ok()?, error.recv_timeout(wait).ok()?))
}

/// A pipe to its end, read by a thread of its own since a pipe has no time-out.
fn collected(pipe: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, text) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.take(PRINTED_BYTES_MAX).read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    text
}

/// A copy of the kernel's files, gone when the test is.
#[cfg(test)]
pub(crate) struct Files(std::path::PathBuf);

#[cfg(test)]
impl Files {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("matrix-files-{}-{number}", std::process::id());
        let root = std::env::temp_dir().join(name);
        fs::create_dir_all(&root).unwrap();
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(root)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_one_that_cannot_be_says_which_and_why() {
        let files = Files::new(&[("proc/a", " 7\n"), ("proc/b", "seven\n")]);
        assert_eq!(number::<u32>(files.root(), "proc/a"), Ok(7));
        let error = number::<u32>(files.root(), "proc/b").unwrap_err();
        assert_eq!(error, "/proc/b: `seven` is no number that was expected");
        let error = number::<u32>(files.root(), "proc/c").unwrap_err();
        assert_eq!(error, "/proc/c: no such file or directory");
    }

    #[test]
    fn lists_and_choices_of_the_kernel_are_read() {
        assert_eq!(list("0-3,8\n"), Some(vec![0, 1, 2, 3, 8]));
        assert_eq!(list(""), Some(vec![]));
        assert_eq!(list("0-x"), None);
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen("none"), "none");
    }

    #[test]
    fn a_program_that_is_not_there_or_does_not_end_is_said_to_be_so() {
        let here = Path::new("/");
        let wait = Duration::from_secs(20);
        let error = Said::by(here, "no-such-program", &[], wait).unwrap_err();
        assert_eq!(error, "there is no no-such-program on PATH");
        let error = Said::by(here, "sleep", &["600"], Duration::from_millis(20)).unwrap_err();
        assert_eq!(error, "sleep did not answer in 20ms");
        let said = Said::by(here, "sh", &["-c", "echo; echo it is I >&2; exit 3"], wait).unwrap();
        assert_eq!((said.first_line(), said.success), (Some("it is I"), false));
    }
}
