//! The page as a text: that it needs nothing from elsewhere, and that whatever stands in a bundle
//! stays a text in it.

use crate::{small, stories, told};
use matrix::profile::flame::colour;
use matrix::profile::layer::Layer;
use matrix::report::{Format, render};
use serde_json::Value;

/// The data that the page gives its script.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once(r#"<script type="application/json" id="data">"#).expect("data");
    let (json, _) = rest.split_once("</script>").expect("its end");
    serde_json::from_str(json).expect("JSON")
}

#[test]
fn nothing_is_fetched() {
    let page = told(Format::Html);
    assert!(
        page.contains(
            r#"http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;"#
        ) || page.contains(r#"content="default-src 'none';"#)
    );
    // Pictures stand in the page.
    let page = page.replace("src=\"data:image/svg+xml;base64,", "");
    for attribute in ["src=\"", "href=\"http", "url(", "@import", "srcset", "<iframe", "fetch("] {
        assert!(!page.contains(attribute), "{attribute}");
    }
    assert!(page.contains("uPlot 1.6.32") && page.contains("The MIT License"));
    assert!(page.contains("(v1.6.32)"), "the version that is named is the one that is in it");
}

#[test]
fn every_number_leads_to_cells_and_runs_of_the_bundle() {
    let page = told(Format::Html);
    let data = data(page);
    let cells = data["cells"].as_array().unwrap().len();
    let mut numbers = 0;
    for part in page.split(r#"class="n""#).skip(1) {
        let tag = part.split('>').next().unwrap();
        let of = |name: &str| {
            let (_, rest) = tag.split_once(&format!("{name}=\""))?;
            rest.split('"').next()
        };
        let named = of("data-c").expect("cells").split(' ').map(|cell| cell.parse().unwrap());
        assert!(named.clone().count() > 0 && named.clone().all(|cell: usize| cell < cells));
        numbers += 1;
    }
    assert!(numbers > 1_000, "{numbers}");
    let runs = data["runs"].as_array().unwrap();
    assert_eq!(runs.len(), stories()[0].runs.len());
    let commands = data["commands"].as_array().unwrap();
    for run in runs {
        let server = usize::try_from(run["server"].as_u64().unwrap()).unwrap();
        assert!(commands[server].as_str().unwrap().contains("hunt-server"), "{run}");
    }
}

#[test]
fn what_a_bundle_says_stays_text() {
    // Names in a bundle are checked; the commit is whatever somebody wrote there.
    let nasty = r#"</script><script>alert("1")</script><img src=x onerror=alert(2)>"#;
    let page = render(&[small(|synthetic| synthetic.commit = nasty.into())], Format::Html).unwrap();
    assert!(!page.contains("<script>alert") && !page.contains("<img"));
    assert_eq!(data(&page)["bundles"][0]["commit"], nasty);
}

#[test]
fn a_cell_that_nobody_measured_is_no_curve() {
    let data = data(told(Format::Html));
    let curves = data["sheets"][0]["curves"].as_array().unwrap();
    // Fifteen servers but the one that was left out and the one that is invalid.
    assert_eq!(curves.len(), 13);
    for curve in curves {
        let [ns, low, high] =
            ["ns", "low_ns", "high_ns"].map(|column| curve[column].as_array().unwrap().len());
        assert!(ns > 50 && ns == low && ns == high, "{}", curve["server"]);
    }
    // The invalid one can be looked at over time.
    assert_eq!(data["sheets"][0]["servers"].as_array().unwrap().len(), 14);
    let picks = data["sheets"][0]["picks"].as_array().unwrap();
    assert!((2..=6).contains(&picks.len()), "{picks:?}");
}

#[test]
fn layers_of_a_profile_have_shares_costs_and_a_flame_graph() {
    let page = told(Format::Html);
    let (_, part) = page.split_once(r#"id="b0-resolve-layers-title""#).expect("layers");
    let (part, _) = part.split_once("</section>").expect("its end");
    for text in [
        "kernel network",
        "40.0 %",
        "40.0 % (37.0 to 43.1)",
        "1,000 by perf",
        "profiles/resolve@tokio-uring+jemalloc+heap.json.gz",
        "alt=\"Flame graph of resolve@tokio-uring+jemalloc+heap: scheduler 30.0 %, allocator, GC",
    ] {
        assert!(part.contains(text), "{text}: {part:.3000}");
    }
    assert_eq!(part.matches("<img src=\"data:image/svg+xml;base64,").count(), 2, "one a profile");
    assert!(!page.contains("b0-state-layers-title"));
    assert!(page.contains("This bundle has no profile of state, so shares by layer"));
}

#[test]
fn layers_have_the_colours_of_flame_graphs() {
    let style = include_str!("../../assets/report.css");
    for (index, layer) in Layer::ALL.into_iter().enumerate() {
        let (r, g, b) = colour(layer);
        let rule =
            format!(".layer-{index} {{ fill: rgb({r},{g},{b}); background: rgb({r},{g},{b}); }}");
        assert!(style.contains(&rule), "{rule}");
    }
}
