//! Short texts held inline: ids, player names and idempotency keys never touch the heap.

use core::fmt;

/// At most `N` (≤ 255) bytes of UTF-8, held inline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Inline<const N: usize> {
    // Unused bytes are zero, so that the derived comparison is the text's; the order is not used.
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Inline<N> {
    fn new(text: &str) -> Option<Self> {
        let len = u8::try_from(text.len()).ok().filter(|len| usize::from(*len) <= N)?;
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, len })
    }

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)])
            .expect("only ever filled from a str")
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $max:expr, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Inline<{ $max }>);

        impl $name {
            /// The longest text, in bytes.
            pub const BYTES_MAX: usize = $max;

            /// The text, if it is well-formed.
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) { Inline::new(text).map(Self) } else { None }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

text! {
    /// The id of a quest, hunt, treasure or item: 1 to 32 of `A-Z a-z 0-9 . _ -`, the first a
    /// letter or digit.
    Id, 32, |text| {
        text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    }
}

text! {
    /// The name of a player or a quest: 1 to 64 bytes of UTF-8 without control characters, not
    /// starting or ending with a space (U+0020).
    Name, 64, |text| {
        !text.is_empty()
            && !text.starts_with(' ')
            && !text.ends_with(' ')
            && !text.chars().any(|c| matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'))
    }
}

text! {
    /// An idempotency key, chosen by the client: 1 to 64 visible ASCII characters (`!` to `~`).
    Key, 64, |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_start_with_a_letter_or_digit_and_end_at_32_bytes() {
        assert_eq!(Id::new("harbour-1").unwrap().as_str(), "harbour-1");
        let longest = "a".repeat(32);
        assert_eq!(Id::new(&longest).unwrap().as_str(), longest);
        for bad in ["", "-a", ".", "a b", "a/b", "ä", "a\0", &"a".repeat(33)] {
            assert_eq!(Id::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn names_are_utf8_without_control_characters() {
        assert!(Name::new("Ada Lovelace").is_some());
        assert!(Name::new("Zoë 🦀").is_some());
        for bad in ["", " a", "a ", "a\nb", "\u{85}", "\u{7f}", &"é".repeat(33)] {
            assert_eq!(Name::new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn keys_are_visible_ascii() {
        assert!(Key::new("018f-~!").is_some());
        assert_eq!(Key::new("a b"), None);
        assert_eq!(Key::new(""), None);
    }
}
