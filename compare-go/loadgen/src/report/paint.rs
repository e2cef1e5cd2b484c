//! Colours, where there is a terminal that wants them.

use std::io::IsTerminal;

/// Whether texts are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// None, as in files and pipes.
    pub const NONE: Self = Self { on: false };

    /// As standard output can and as its user wants it: no colours with `NO_COLOR` or `TERM=dumb`.
    #[must_use]
    pub fn of_stdout() -> Self {
        Self { on: std::io::stdout().is_terminal() && wanted() }
    }

    /// What is good.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What is bad.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// What stands out.
    #[must_use]
    pub fn title(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What stands back.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Whether the user wants colours: `NO_COLOR` says no, whatever its value, and so does a terminal
/// without any.
#[must_use]
pub fn wanted() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_coloured_where_colours_are_off() {
        assert_eq!(Paint::NONE.good("held"), "held");
        assert_eq!(Paint { on: true }.good("held"), "\x1b[32mheld\x1b[0m");
    }
}
