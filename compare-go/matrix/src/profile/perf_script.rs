//! What `perf script` prints, read: samples with their frames, each an address in a file.

/// The fields that it is asked for.
pub const FIELDS: &str = "comm,pid,tid,ip,sym,dso,period";

/// A sample, from the innermost frame outwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample<'t> {
    /// The frames; empty where the stack could not be walked.
    pub frames: Vec<Frame<'t>>,
}

/// A frame, of which functions that were inlined are not yet told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'t> {
    /// The address, from the begin of the file.
    pub offset: u64,
    /// The symbol that it lies in; none where there is none.
    pub symbol: Option<&'t str>,
    /// The file: a path, `[kernel.kallsyms]`, `[vdso]`, the name of a kernel module in brackets.
    pub file: &'t str,
}

/// Reads what was printed.
///
/// # Errors
/// The first line that is neither a head, a frame, nor empty.
pub fn read(text: &str) -> Result<Vec<Sample<'_>>, String> {
    let mut samples = Vec::new();
    let mut open: Option<Sample<'_>> = None;
    for (index, line) in text.lines().enumerate() {
        let fault = || format!("line {} of perf script is not understood: `{line}`", index + 1);
        if line.trim().is_empty() {
            samples.extend(open.take());
        } else if line.starts_with(['\t', ' ']) && open.is_some() {
            let frame = frame(line).ok_or_else(fault)?;
            open.as_mut().ok_or_else(fault)?.frames.push(frame);
        } else {
            // A head: the thread, its ids, and how much time a sample stands for.
            let period = line
                .split_whitespace()
                .next_back()
                .and_then(|word| word.trim_end_matches(':').parse::<u64>().ok());
            period.ok_or_else(fault)?;
            samples.extend(open.replace(Sample { frames: Vec::new() }));
        }
    }
    samples.extend(open);
    Ok(samples)
}

fn frame(line: &str) -> Option<Frame<'_>> {
    let (offset, rest) = line.trim_start().split_once(' ')?;
    let offset = u64::from_str_radix(offset, 16).ok()?;
    let (symbol, file) = rest.strip_suffix(')')?.rsplit_once(" (").or_else(|| {
        // A frame without a symbol may have nothing before the bracket.
        Some(("", rest.strip_suffix(')')?.strip_prefix('(')?))
    })?;
    // A file that was replaced while it ran: ` (PATH (deleted))`.
    let (symbol, file) = match file.strip_suffix("deleted)") {
        Some(_) => {
            let (symbol, file) = symbol.rsplit_once(" (")?;
            (symbol, file)
        }
        None => (symbol, file),
    };
    let symbol = symbol.trim();
    let symbol = (symbol != "[unknown]" && !symbol.is_empty()).then_some(symbol);
    Some(Frame { offset, symbol, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
hunt-worker-0 26038/26046    1003009
\tffffffff822008ee schedule_hrtimeout_range_clock ([kernel.kallsyms])
\t          108f36 epoll_wait (/usr/lib/x86_64-linux-gnu/libc.so.6)
\t          3a696c <runtime::Writer as driver::WriteHalf>::try_write (/b/hunt server)
\t          2cf6c1 core::ops::function::FnOnce::call_once{{vtable.shim}} (/b/hunt server)

a thread 1/2:    1003009:
\t           891f4 [unknown] (/usr/lib/libc.so.6)
\t           891f5 gone (/b/old (deleted))

hunt-worker-0 26038/26046    1003009

";

    #[test]
    fn samples_have_frames_of_files() {
        // Heads end in a blank.
        let printed = PRINTED.replace("1003009\n", "1003009 \n");
        let samples = read(&printed).unwrap();
        assert_eq!(samples.len(), 3);
        let frame = |offset, symbol, file| Frame { offset, symbol, file };
        assert_eq!(
            samples[0].frames,
            [
                frame(
                    0xffff_ffff_8220_08ee,
                    Some("schedule_hrtimeout_range_clock"),
                    "[kernel.kallsyms]"
                ),
                frame(0x10_8f36, Some("epoll_wait"), "/usr/lib/x86_64-linux-gnu/libc.so.6"),
                frame(
                    0x3a_696c,
                    Some("<runtime::Writer as driver::WriteHalf>::try_write"),
                    "/b/hunt server"
                ),
                frame(
                    0x2c_f6c1,
                    Some("core::ops::function::FnOnce::call_once{{vtable.shim}}"),
                    "/b/hunt server"
                ),
            ]
        );
        assert_eq!(samples[1].frames[0], frame(0x8_91f4, None, "/usr/lib/libc.so.6"));
        assert_eq!(samples[1].frames[1], frame(0x8_91f5, Some("gone"), "/b/old"));
        assert!(samples[2].frames.is_empty());
    }

    #[test]
    fn a_line_that_is_none_is_refused_with_its_number() {
        for (line, number) in [("\tzz epoll_wait (/x)", "line 2"), ("\t12 x /x", "line 2")] {
            let text = format!("a 1/1 5\n{line}\n");
            let error = read(&text).unwrap_err();
            assert!(error.starts_with(number), "{error}");
        }
        assert!(read("perf: no permission\n").unwrap_err().starts_with("line 1"));
    }
}
