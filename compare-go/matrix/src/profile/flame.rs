//! A flame graph of stacks: each frame as wide as the share of samples that it is in, in the colour
//! of the layer that it belongs to by itself.

use crate::profile::layer::Layer;
use crate::profile::rules::{Rule, Rules};
use crate::profile::stacks::Stacks;
use inferno::flamegraph::color::{BackgroundColor, Color, PaletteMap};
use inferno::flamegraph::{Options, TextTruncateDirection, from_lines};

/// How it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// As a file of its own, in which a browser can search and look closer.
    Alone,
    /// As a picture in a page, without frames of less than 0.4 % of samples.
    Picture,
}

/// Frames of which only callers could tell the layer.
const NEUTRAL: Color = Color { r: 214, g: 217, b: 221 };

/// What colours mean.
const LEGEND: &str = "blue: scheduler, orange: allocator and GC, steel: kernel network, yellow: \
                      protocol, green: game, sand: other kernel, violet: measurement, pink: \
                      unclassified, grey: as its caller";

/// The colour of a layer's frames; text on it is black.
#[must_use]
pub const fn colour(layer: Layer) -> (u8, u8, u8) {
    match layer {
        Layer::Scheduler => (124, 174, 230),
        Layer::Allocator => (236, 150, 104),
        Layer::Network => (158, 176, 192),
        Layer::Protocol => (240, 205, 92),
        Layer::Game => (116, 200, 138),
        Layer::Kernel => (190, 180, 160),
        Layer::Measurement => (202, 160, 222),
        Layer::Unclassified => (240, 120, 160),
    }
}

/// Draws stacks.
///
/// # Errors
/// If there is no sample.
pub fn svg(stacks: &Stacks, rules: &Rules, title: &str, drawn: Use) -> anyhow::Result<String> {
    let mut colours = PaletteMap::default();
    // The frame below all others has no name.
    colours.insert("", NEUTRAL);
    for (stack, _) in stacks.iter() {
        for frame in stack.split(';') {
            let layer = match rules.of(frame) {
                Some(Rule { layer, .. }) => *layer,
                None => Some(Layer::Unclassified),
            };
            let colour = layer.map_or(NEUTRAL, |layer| {
                let (r, g, b) = colour(layer);
                Color { r, g, b }
            });
            colours.insert(frame, colour);
        }
    }
    let mut options = Options::default();
    options.title = title.to_owned();
    options.subtitle = (drawn == Use::Alone).then(|| LEGEND.to_owned());
    options.palette_map = Some(&mut colours);
    options.bgcolors = Some(BackgroundColor::Flat(Color { r: 255, g: 255, b: 255 }));
    options.text_truncate_direction = TextTruncateDirection::Right;
    options.no_sort = true;
    options.image_width = (drawn == Use::Picture).then_some(1_200);
    options.no_javascript = drawn == Use::Picture;
    options.min_width = if drawn == Use::Picture { 0.4 } else { 0.05 };
    let lines = stacks.lines();
    let mut svg = Vec::new();
    from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    let svg = String::from_utf8(svg)?;
    Ok(if drawn == Use::Picture { without_script(svg) } else { svg })
}

/// A picture cannot be searched: without the script, and without what it would act on.
fn without_script(mut svg: String) -> String {
    svg = svg.replace(" onload=\"init(evt)\"", "");
    for (begin, end) in [("<script", "</script>"), ("<text id=\"search\"", "</text>")] {
        if let Some(from) = svg.find(begin)
            && let Some(length) = svg[from..].find(end)
        {
            svg.replace_range(from..from + length + end.len(), "");
        }
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks() -> Stacks {
        Stacks::read(&[
            "poll [tokio-1.0.0/src/a.rs];get<u8> [engine-core/src/game/hunt.rs] 60".to_owned(),
            "poll [tokio-1.0.0/src/a.rs];tcp_ack [kernel] 40".to_owned(),
        ])
        .unwrap()
    }

    #[test]
    fn frames_have_the_colour_of_their_layer() {
        let svg = svg(&stacks(), Rules::ours(), "resolve@hyper", Use::Alone).unwrap();
        for (frame, layer) in [("get", Layer::Game), ("tcp_ack", Layer::Network)] {
            let (r, g, b) = colour(layer);
            let fill = format!("rgb({r},{g},{b})");
            let of = svg.split("<g>").find(|group| group.contains(&format!("<title>{frame}")));
            assert!(of.is_some_and(|group| group.contains(&fill)), "{frame}: {of:?}");
        }
        assert!(svg.contains("<script") && svg.contains("resolve@hyper"));
    }

    #[test]
    fn a_picture_has_no_script_and_the_same_stacks_give_the_same_picture() {
        let draw = || svg(&stacks(), Rules::ours(), "a", Use::Picture).unwrap();
        for part in ["<script", "onload", ">Search<"] {
            assert!(!draw().contains(part), "{part}: {}", draw());
        }
        assert_eq!(draw(), draw());
        assert!(svg(&Stacks::default(), Rules::ours(), "a", Use::Picture).is_err());
    }
}
