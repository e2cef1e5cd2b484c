//! What servers say, as it is written down: what depends on the clock, or on the server, is left
//! open.

use crate::http::Response;
use std::borrow::Cow;

/// Whether a response says that it is the last one.
pub(super) fn closes(got: &Response) -> bool {
    let fields = got.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("connection"));
    let mut options = fields.flat_map(|(_, value)| value.split(','));
    options.any(|option| option.trim().eq_ignore_ascii_case("close"))
}

/// The names in a text, without holes that are none.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    let holes = text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    holes.filter(|hole| hole.bytes().all(|b| b.is_ascii_alphanumeric()) && *hole != "length")
}

/// Whether a broadcast names treasures of which less is left.
pub(super) fn changes_something(said: &[u8]) -> bool {
    let said = String::from_utf8_lossy(said);
    said.contains("\"changed\":[{") || said.contains("changed{")
}

/// The word of a health check; what follows it, each server says of itself.
pub(super) fn without_vitals(text: &str) -> Cow<'_, str> {
    let rest = text.strip_prefix("{\"status\":\"").and_then(|rest| rest.find('"'));
    match rest {
        Some(word) => format!("{}${{rest}}", &text[..="{\"status\":\"".len() + word]).into(),
        None => text.into(),
    }
}

/// Numbers that depend on the clock, and whether zero among them does.
const TIMES: [(&str, bool); 3] = [("tick", true), ("remaining_ms", false), ("active_ms", false)];

/// A text in which numbers that depend on the clock are near ones.
pub(super) fn without_time(text: &str) -> String {
    let mut text = text.to_owned();
    for (key, zero_too) in TIMES {
        for key in
            [format!("\"{key}\":"), format!("{{{key}:"), format!(",{key}:"), format!(" {key}:")]
        {
            let mut from = 0;
            while let Some(at) = text[from..].find(&key).map(|at| at + from + key.len()) {
                from = at;
                let digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
                let Ok(number) = text[at..at + digits].parse::<u32>() else { continue };
                if number > 0 || zero_too {
                    text.replace_range(at..at + digits, &format!("${{about:{number}}}"));
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_the_clock_is_left_open() {
        for (text, open) in [
            ("{\"tick\":0,\"remaining_ms\":0}", "{\"tick\":${about:0},\"remaining_ms\":0}"),
            ("{\"remaining_ms\":599}", "{\"remaining_ms\":${about:599}}"),
            ("broadcast tick:3,full:true", "broadcast tick:${about:3},full:true"),
            ("binary used{seq:1,active_ms:50}", "binary used{seq:1,active_ms:${about:50}}"),
            ("{\"name\":\"tick:5\"}", "{\"name\":\"tick:5\"}"),
        ] {
            assert_eq!(without_time(text), open);
        }
    }

    #[test]
    fn what_a_server_says_of_itself_is_left_open() {
        let open = without_vitals("{\"status\":\"ok\",\"runtime\":\"tokio\"}");
        assert_eq!(open, "{\"status\":\"ok\"${rest}");
        let hunt = "{\"hunt\":\"h\",\"status\":\"ended\"}";
        assert_eq!(without_vitals(hunt), hunt);
    }

    #[test]
    fn names_are_found_in_a_text() {
        let found: Vec<_> = names("a ${s0} ${length} ${a*3} ${s1}?").collect();
        assert_eq!(found, ["s0", "s1"]);
    }
}
