//! The table by which stacks are told apart, and how it is applied. What stands in it is told in
//! the table itself, `layers.txt`.

use crate::plan::filter::glob;
use crate::profile::layer::Layer;
use crate::profile::stacks;
use std::sync::LazyLock;

const TABLE: &str = include_str!("layers.txt");
/// Where frames of the kernel say that they are.
pub const KERNEL: &str = "kernel";

/// The rules of this program.
static OURS: LazyLock<Rules> =
    LazyLock::new(|| Rules::read(TABLE).expect("the table is held to its form by a test"));

/// An ordered table of rules.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Which table: raised with each change that could move a sample to another layer.
    pub version: u32,
    /// The rules, the first that fits counts.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The layer of whatever fits; none where the caller decides.
    pub layer: Option<Layer>,
    /// What the place must be.
    pub place: String,
    /// What the function must be.
    pub function: String,
    /// Why.
    pub why: String,
}

impl Rules {
    /// Those that this program has.
    #[must_use]
    pub fn ours() -> &'static Self {
        &OURS
    }

    /// Reads a table.
    ///
    /// # Errors
    /// The first line that is no rule, with its number.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut version = None;
        let mut rules = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let fault = |what: &str| format!("line {}: {what}", index + 1);
            let (rule, why) = line.split_once('#').unwrap_or((line, ""));
            let words: Vec<&str> = rule.split_whitespace().collect();
            match words[..] {
                [] => {}
                ["version", number] => {
                    let number = number.parse().map_err(|_| fault("not a version"))?;
                    version = Some(number);
                }
                [layer, place, function] => {
                    let layer = match layer {
                        "caller" => None,
                        _ => Some(layer.parse::<Layer>().map_err(|e| fault(&e.to_string()))?),
                    };
                    let why = why.trim().to_owned();
                    if why.is_empty() {
                        return Err(fault("a rule says why"));
                    }
                    let (place, function) = (place.to_owned(), function.to_owned());
                    rules.push(Rule { layer, place, function, why });
                }
                _ => return Err(fault("not LAYER WHERE FUNCTION # WHY")),
            }
        }
        let version = version.ok_or("no version")?;
        Ok(Self { version, rules })
    }

    /// The rule that decides on a frame.
    #[must_use]
    pub fn of(&self, frame: &str) -> Option<&Rule> {
        let (function, place) = stacks::parts(frame);
        self.rules.iter().find(|rule| glob(&rule.place, place) && glob(&rule.function, function))
    }

    /// The layer of a stack, and the frame that decided: the one that no rule names where it is
    /// unclassified. `stack` has its frames from the outermost inwards, joined by `;`.
    #[must_use]
    pub fn classify<'s>(&self, stack: &'s str) -> (Layer, &'s str) {
        let mut frames = stack.rsplit(';').peekable();
        let innermost = frames.peek().copied().unwrap_or_default();
        for frame in frames {
            match self.of(frame) {
                Some(Rule { layer: Some(layer), .. }) => return (*layer, frame),
                Some(_) => {}
                None => return (Layer::Unclassified, frame),
            }
        }
        let (_, place) = stacks::parts(innermost);
        let layer = if place == KERNEL { Layer::Kernel } else { Layer::Unclassified };
        (layer, innermost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stack from the innermost frame outwards, as FUNCTION@WHERE.
    fn layer(frames: &[&str]) -> Layer {
        let frames: Vec<String> = frames
            .iter()
            .rev()
            .map(|frame| {
                let (function, place) = frame.split_once('@').unwrap();
                stacks::frame(function, place)
            })
            .collect();
        Rules::ours().classify(&frames.join(";")).0
    }

    #[test]
    fn the_innermost_frame_that_is_named_decides() {
        let rust =
            ["{async_block#0}@runtimes/driver/src/connection.rs", "poll@tokio-1.54.1/src/x.rs"];
        let stack = |inner: &[&'static str]| layer(&[inner, &rust].concat());
        assert_eq!(stack(&[]), Layer::Protocol);
        assert_eq!(stack(&["standing@engine-core/src/game/leaderboard.rs"]), Layer::Game);
        assert_eq!(stack(&["plain@engine-core/src/json/scan.rs"]), Layer::Protocol);
        assert_eq!(stack(&["mi_malloc@libmimalloc-sys-0.1.44/c_src/alloc.c"]), Layer::Allocator);
        assert_eq!(
            stack(&["tcp_ack@kernel", "do_syscall_64@kernel", "__send@libc.so.6"]),
            Layer::Network
        );
        assert_eq!(stack(&["do_syscall_64@kernel", "epoll_wait@libc.so.6"]), Layer::Scheduler);
        let go =
            ["net/http.(*conn).serve@net/http/server.go", "runtime.goexit@runtime/asm_amd64.s"];
        let stack = |inner: &[&'static str]| layer(&[inner, &go].concat());
        assert_eq!(stack(&["runtime.mallocgc@runtime/malloc.go"]), Layer::Allocator);
        assert_eq!(stack(&["runtime.schedule@runtime/proc.go"]), Layer::Scheduler);
        let inner = ["Syscall6@internal/runtime/syscall/asm_linux_amd64.s"];
        let write = ["syscall.write@syscall/zsyscall_linux_amd64.go"];
        assert_eq!(stack(&[inner, write].concat()), Layer::Network);
        assert_eq!(stack(&inner), Layer::Protocol);
        let game = ["insert@compare-go/reference/internal/game/leaderboard.go"];
        assert_eq!(stack(&game), Layer::Game);
    }

    #[test]
    fn what_is_of_general_use_belongs_to_whoever_called() {
        let game = "standing@engine-core/src/game/leaderboard.rs";
        assert_eq!(layer(&["unknown@libc.so.6", game]), Layer::Game);
        assert_eq!(layer(&["compare@core/src/slice/cmp.rs", game]), Layer::Game);
        assert_eq!(
            layer(&["compare@core/src/slice/cmp.rs", "x@httparse-1.0/src/lib.rs"]),
            Layer::Protocol
        );
    }

    #[test]
    fn what_no_rule_names_is_unclassified_whoever_called() {
        let game = "standing@engine-core/src/game/leaderboard.rs";
        assert_eq!(layer(&["f@left-pad-1.0.0/src/lib.rs", game]), Layer::Unclassified);
        assert_eq!(layer(&["compare@core/src/slice/cmp.rs"]), Layer::Unclassified);
        assert_eq!(layer(&["ret_from_fork@kernel"]), Layer::Kernel);
        let stack = "poll [tokio-1.0.0/x.rs];pad [left-pad-1.0.0/src/lib.rs];eq [core/src/cmp.rs]";
        let named = Rules::ours().classify(stack);
        assert_eq!(named, (Layer::Unclassified, "pad [left-pad-1.0.0/src/lib.rs]"));
    }

    #[test]
    fn every_rule_of_the_table_can_decide() {
        let rules = Rules::ours();
        let letters = |pattern: &str| pattern.replace('*', "q");
        let hidden = rules.rules.iter().filter(|rule| {
            let frame = stacks::frame(&letters(&rule.function), &letters(&rule.place));
            rules.of(&frame) != Some(rule)
        });
        let hidden: Vec<String> =
            hidden.map(|rule| format!("{} {}", rule.place, rule.function)).collect();
        assert!(hidden.is_empty(), "earlier rules decide on what these name: {hidden:#?}");
    }

    #[test]
    fn a_line_that_is_no_rule_is_refused_with_its_number() {
        let error = |line: &str| Rules::read(&format!("version 1\n{line}\n")).unwrap_err();
        assert!(error("game * # why").contains("line 2: not LAYER WHERE FUNCTION"));
        assert!(error("game * *").contains("line 2: a rule says why"));
        assert!(error("gmae * * # why").contains("`game` is near"));
        assert!(error("version x").contains("line 2: not a version"));
        assert_eq!(Rules::read("game * * # why\n").unwrap_err(), "no version");
    }
}
