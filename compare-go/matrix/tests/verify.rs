//! `matrix verify` over documents: what it takes, what it refuses with file and line, and what it
//! writes.

mod support;

use matrix::cell::{Server, Workload};
use matrix::slo::Slo;
use matrix::testing::{Character, Synthetic};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use support::Folder;

const NAME: &str = "2027-03-01-synthetic";

/// A folder with a bundle and a document.
struct Case {
    folder: Folder,
    document: PathBuf,
}

impl Case {
    fn new(text: &str) -> Self {
        let servers = [("tokio-uring+jemalloc+heap", 10.0), ("hyper", 20.0)];
        Self::of(text, &Synthetic { slos: vec![Slo::p99_ms(50)], ..of_servers(&servers) })
    }

    fn of(text: &str, synthetic: &Synthetic) -> Self {
        let folder = Folder::new("verify");
        let _ = synthetic.write(&folder.path.join("results"));
        let document = folder.path.join("README.md");
        fs::write(&document, text).expect("a document");
        Self { folder, document }
    }

    /// Exit code and output.
    fn verify(&self, more: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
            .arg("verify")
            .args(more)
            .arg("--results")
            .arg(self.folder.path.join("results"))
            .arg("README.md")
            .current_dir(&self.folder.path)
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().expect("a code"), String::from_utf8(text).expect("text"))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.document).expect("a document")
    }

    fn change(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "`{from}` is not in\n{text}");
        fs::write(&self.document, text.replacen(from, to, 1)).expect("a document");
    }
}

/// A bundle of servers by the CPU time of a request, in microseconds.
fn of_servers(servers: &[(&str, f64)]) -> Synthetic {
    let servers: Vec<(Server, Character)> = servers
        .iter()
        .map(|(name, cpu_us)| {
            (name.parse().expect("a server"), Character { cpu_us: *cpu_us, ..Character::default() })
        })
        .collect();
    Synthetic::of(&servers)
}

fn block(words: &str) -> String {
    format!("<!-- matrix: {words} -->\n<!-- /matrix -->\n")
}

fn written() -> Case {
    let blocks = [
        block(&format!("table headline bundle={NAME}")),
        block(&format!("table metrics bundle={NAME} metrics=p50,p99.9,scheduling servers=hyper")),
        block(&format!("table ranking bundle={NAME} metric=cpu")),
        block(&format!("table environment bundle={NAME}")),
    ];
    let value = format!(
        "It takes <!-- matrix: value bundle={NAME} cell=resolve@hyper metric=cpu --><!-- /matrix -->."
    );
    let quoted = block("quoted incidents.md").replace("-->\n<", "-->\np99 of 46.2 ms\n<");
    let constants = "<!-- matrix: constants 150 ms -->\nEvery 150 ms.\n";
    let case =
        Case::new(&format!("# A\n\n{}\n{value}\n\n{quoted}\n{constants}", blocks.join("\n")));
    let (code, output) = case.verify(&["--write"]);
    assert_eq!(code, 0, "{output}");
    case
}

#[test]
fn what_is_written_is_verified_and_not_written_again() {
    let case = written();
    let text = case.text();
    for part in [
        "| server | rate at p99 < 50ms | p50 | p99 | CPU |",
        "| tokio-uring+jemalloc+heap | 9",
        "| hyper | 4",
        "No scheduler p99 of hyper: this runtime does not tell.",
        "| the best |",
        "| slower |",
        "| kernel | 6.18.0 x86_64 |",
        "| limits | `memlock_bytes` unlimited; `nofile` 1048576 |",
        "commit `0123456789ab`",
        "p99 of 46.2 ms",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("in 5 blocks of 1 document, backed by 1 bundle"), "{output}");
    let (_, output) = case.verify(&["--write"]);
    assert!(!output.contains("written"), "{output}");
    assert_eq!(case.text(), text);
}

#[test]
fn a_number_that_no_bundle_backs_has_its_file_and_line() {
    let case = written();
    let text = case.text();
    let row = text.lines().position(|line| line.starts_with("| hyper | 4")).unwrap() + 1;
    let figure = text.lines().nth(row - 1).unwrap().split(" | ").nth(1).unwrap();
    case.change(figure, "99,999/s");
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 1);
    let expected =
        format!("README.md:{row}: no bundle backs `99,999/s`; the bundle says `{figure}`");
    assert!(output.contains(&expected), "{output}");
    assert!(output.contains("1 fault in 1 document"), "{output}");
}

#[test]
fn a_row_that_was_added_taken_away_or_a_figure_in_a_line_is_found() {
    let case = written();
    case.change("| hyper | 4", "| nginx | 9 |\n| hyper | 4");
    let (code, output) = case.verify(&[]);
    assert!(code == 1 && output.contains("nginx"), "{output}");
    let case = written();
    case.change("It takes <", "It takes <!-- x --><");
    case.change(" µs<!-- /matrix -->", " ms<!-- /matrix -->");
    let (code, output) = case.verify(&[]);
    let line = case.text().lines().position(|line| line.starts_with("It takes")).unwrap() + 1;
    assert!(
        code == 1 && output.contains(&format!("README.md:{line}: no bundle backs")),
        "{output}"
    );
}

#[test]
fn a_figure_outside_of_blocks_is_found_and_so_is_a_constant_that_nobody_uses() {
    let case = written();
    case.change("Every 150 ms.", "Every\n151 ms.");
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 1);
    assert!(output.contains("`151 ms` is backed by no bundle"), "{output}");
    assert!(output.contains("the constant `150 ms` is not used"), "{output}");
}

/// A document with a plot of each kind.
fn plotted() -> Case {
    let bars = format!("plot bars bundle={NAME} metric=capacity:p99<50ms file=plots/bars.svg");
    let latency = format!("plot latency bundle={NAME} file=latency.svg");
    let case = Case::new(&format!("# A\n\n{}\n{}", block(&bars), block(&latency)));
    let (code, output) = case.verify(&["--write"]);
    assert!(code == 0 && output.contains("plots/bars.svg: written"), "{output}");
    case
}

#[test]
fn a_plot_is_written_beside_the_document_and_held_to_its_bundle_byte_by_byte() {
    let case = plotted();
    let text = case.text();
    assert!(text.contains("![Rate at p99 < 50ms, resolve](plots/bars.svg)"), "{text}");
    let plot = case.folder.path.join("plots/bars.svg");
    let svg = fs::read_to_string(&plot).unwrap();
    for part in [
        "<metadata>bundle 2027-03-01-synthetic, manifest ",
        "<title id=\"title\">Rate at p99 &lt; 50ms, resolve</title>",
        "hyper: 4",
        "prefers-color-scheme:dark",
    ] {
        assert!(svg.contains(part), "`{part}` is not in\n{svg}");
    }
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 0, "{output}");
    let changed = svg.replace("width=\"12\"", "width=\"13\"");
    let line = svg.lines().position(|line| line.contains("width=\"12\"")).unwrap() + 1;
    fs::write(&plot, changed).unwrap();
    let (code, output) = case.verify(&[]);
    let expected =
        format!("README.md:3: no bundle backs plots/bars.svg: from line {line} on the bundle says");
    assert!(code == 1 && output.contains(&expected), "{output}");
    fs::remove_file(&plot).unwrap();
    let (code, output) = case.verify(&[]);
    assert!(code == 1 && output.contains("README.md:3: plots/bars.svg: No such file"), "{output}");
    let (code, _) = case.verify(&["--write"]);
    assert!(code == 0 && fs::read_to_string(&plot).unwrap() == svg);
}

#[test]
fn a_plot_that_no_document_has_is_named() {
    let folder = Folder::new("verify-plots");
    let results = folder.path.join("compare-go/results");
    fs::create_dir_all(&results).unwrap();
    fs::write(results.join("left.svg"), "<svg/>").unwrap();
    fs::write(folder.path.join("README.md"), "# A\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
        .arg("verify")
        .current_dir(&folder.path)
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("compare-go/results/left.svg: no bundle backs it"), "{text}");
}

#[test]
fn the_newest_bundle_backs_a_block_once_there_is_one() {
    let blocks = ["table headline bundle=newest", "table headline bundle=newest workload=loot"];
    let value = "value bundle=newest cell=loot@hyper metric=cpu";
    let case = Case::new(&format!(
        "{}It is <!-- matrix: {value} --><!-- /matrix -->.\n",
        blocks.map(block).concat()
    ));
    let results = case.folder.path.join("results");
    let older = Synthetic { name: "2020-01-01-older".into(), ..of_servers(&[("axum", 10.0)]) };
    let _ = older.write(&results);
    let open = Synthetic { name: "2099-01-01-open".into(), complete: false, ..older };
    let _ = open.write(&results);
    let (code, output) = case.verify(&["--write"]);
    assert_eq!(code, 0, "{output}");
    let text = case.text();
    assert!(text.contains("| hyper | 4") && !text.contains("| axum |"), "{text}");
    assert!(text.contains("-->\nNo bundle of this is committed yet.\n<!--"), "{text}");
    assert!(
        text.contains(
            "It is <!-- matrix: value bundle=newest cell=loot@hyper metric=cpu -->no bundle"
        ),
        "{text}"
    );
    fs::remove_dir_all(&results).unwrap();
    let (code, output) = case.verify(&[]);
    assert!(code == 1 && output.contains("No bundle of this is committed yet."), "{output}");
}

#[test]
fn servers_are_told_by_the_cores_that_they_had() {
    let heading = "table scaling bundles=2027-03-01-four,2027-03-01-one metric=cpu";
    let case = Case::new(&block(heading));
    let results = case.folder.path.join("results");
    let write = |name: &str, processor: &str, cores: Vec<u32>, hyper_us: f64| {
        let synthetic = of_servers(&[("tokio+jemalloc+heap", 10.0), ("hyper", hyper_us)]);
        let (name, processor) = (name.to_owned(), processor.to_owned());
        let _ = Synthetic { name, processor, server_cores: cores, ..synthetic }.write(&results);
    };
    write("2027-03-01-one", "Synthetic", vec![1], 20.0);
    write("2027-03-01-four", "Synthetic", vec![1, 2, 3, 4], 60.0);
    let (code, output) = case.verify(&["--write"]);
    assert_eq!(code, 0, "{output}");
    let text = case.text();
    assert!(text.contains("| server | 1 core | 4 cores | 4 to 1 |"), "{text}");
    let of = |server: &str| text.lines().find(|line| line.starts_with(server)).unwrap();
    assert!(of("| hyper").ends_with("| 3.0 × |"), "{text}");
    assert!(of("| tokio").ends_with("| 1.0 × |"), "{text}");
    assert!(text.contains("bundle `2027-03-01-one`") && text.contains("`2027-03-01-four`"));
    fs::remove_dir_all(results.join("2027-03-01-four")).unwrap();
    write("2027-03-01-four", "Another", vec![1, 2, 3, 4], 60.0);
    let (code, output) = case.verify(&[]);
    assert!(code == 1 && output.contains("different processors"), "{output}");
}

/// What tables say of a bundle of the engine, a peer and Go, by their headings.
fn of_many() -> &'static BTreeMap<String, String> {
    static TABLES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let tables = [
            "scenario bundle=newest",
            "scenario bundle=newest workload=sockets",
            "tuning bundle=newest",
            "effects bundle=newest metric=cpu",
            "loads bundle=newest",
            "workloads",
        ];
        let blocks = tables.map(|words| block(&format!("table {words}")));
        let synthetic = of_servers(&[
            ("tokio-uring+jemalloc+heap", 10.0),
            ("tokio-uring+system+heap", 12.0),
            ("tokio+jemalloc+heap", 11.0),
            ("tokio+system+heap", 13.2),
            ("hyper", 14.0),
            ("go-nethttp+default", 45.0),
            ("go-nethttp+tuned", 40.0),
            ("go-fasthttp+default", 20.0),
            ("go-fasthttp+tuned", 16.0),
        ]);
        let workloads = vec![Workload::Resolve, Workload::Sockets];
        let synthetic = Synthetic { workloads, slos: vec![Slo::p99_ms(50)], ..synthetic };
        let case = Case::of(&blocks.concat(), &synthetic);
        let (code, output) = case.verify(&["--write"]);
        assert_eq!(code, 0, "{output}");
        let text = case.text();
        let parts = text.split("<!-- matrix: table ").skip(1);
        parts
            .map(|part| part.split_once(" -->").expect("a mark"))
            .map(|(words, part)| (words.to_owned(), part.to_owned()))
            .collect()
    })
}

#[track_caller]
fn has(table: &str, parts: &[&str]) {
    let text = &of_many()[table];
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
fn a_scenario_has_the_best_of_the_engine_beside_go_and_its_targets() {
    let resolve = "scenario bundle=newest";
    has(
        resolve,
        &[
            "| metric | tokio-uring+jemalloc+heap | hyper | go-nethttp+tuned | go-fasthttp+",
            "| rate at p99 < 50ms | 9",
            "| to go-nethttp+tuned | to go-fasthttp+tuned |",
            "at least 3 × the rate at p99 < 50ms of go-nethttp+tuned, is reached: ",
            "at least 1.6 × the rate at p99 < 50ms of go-fasthttp+tuned, is ",
            "| alike |",
        ],
    );
    assert!(!of_many()[resolve].contains("| lag p99 |"));
    let sockets = "scenario bundle=newest workload=sockets";
    has(sockets, &["| lag p99 | ", "| frames | 6,593/s", "| missed ticks | 0.10 % "]);
    assert!(!of_many()[sockets].contains("The target"));
}

#[test]
fn a_target_beyond_what_the_generator_is_proven_for_is_not_told() {
    // 8 us allow for more than the 100,000/s of the proof, 25 us for a third of that.
    let synthetic = of_servers(&[("tokio-uring+jemalloc+heap", 8.0), ("go-nethttp+tuned", 25.0)]);
    let synthetic = Synthetic { slos: vec![Slo::p99_ms(50)], ..synthetic };
    let case = Case::of(&block("table scenario bundle=newest"), &synthetic);
    let (code, output) = case.verify(&["--write"]);
    assert_eq!(code, 0, "{output}");
    let text = case.text();
    let rate = text.lines().find(|line| line.starts_with("| rate at p99 < 50ms |")).unwrap();
    // Its A/A pair could not be asked for more either.
    assert!(rate.contains("| at least 1") && rate.ends_with("| not told |"), "{text}");
    assert!(text.contains("\"not told\" where no A/A pair tells"), "{text}");
    let told = "of go-nethttp+tuned, is not told, since the generator is proven no further: ";
    assert!(text.contains(told), "{text}");
}

#[test]
fn a_figure_that_a_single_round_of_several_has_says_so() {
    let synthetic = of_servers(&[("tokio-uring+jemalloc+heap", 10.0), ("hyper", 20.0)]);
    let block = block(&format!("table metrics bundle={NAME} metrics=cpu,binary"));
    // The A/A pair and two servers, in the first round alone.
    let stopped = Synthetic { runs_max: Some(4), complete: false, ..synthetic.clone() };
    let case = Case::of(&block, &stopped);
    let (code, output) = case.verify(&["--write"]);
    assert_eq!(code, 0, "{output}");
    let text = case.text();
    assert_eq!(text.matches(" µs (one round) | 5.72 MiB |").count(), 2, "{text}");
    let case = Case::of(&block, &synthetic);
    let (code, output) = case.verify(&["--write"]);
    assert!(code == 0 && !case.text().contains("one round"), "{output}{}", case.text());
}

#[test]
fn a_closed_loop_is_ordered_by_its_rate_and_has_no_columns_of_latency() {
    let mut synthetic = of_servers(&[("hyper", 20.0), ("tokio+jemalloc+heap", 10.0)]);
    synthetic.workloads = vec![Workload::ResolveClosed];
    synthetic.load.rate_per_s = None;
    let case = Case::of(&block("table headline bundle=newest workload=resolve-closed"), &synthetic);
    let (code, output) = case.verify(&["--write"]);
    assert_eq!(code, 0, "{output}");
    let text = case.text();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(rows[2].starts_with("| tokio+jemalloc+heap ") && rows[3].starts_with("| hyper "));
    assert!(text.contains("closed loop") && !rows[0].contains("p99"), "{text}");
    assert!(!text.contains("\nNo "), "every figure is there:\n{text}");
}

#[test]
fn tuning_and_effects_have_tables() {
    has(
        "tuning bundle=newest",
        &[
            "| metric | go-nethttp+default | go-nethttp+tuned | to go-nethttp+default | go-fasthttp+",
            "| CPU | 4",
        ],
    );
    has(
        "effects bundle=newest metric=cpu",
        &[
            "| choice | of | against | ratio | verdict | settings |",
            "| runtime | tokio-uring | tokio | 0.9",
            "| allocator | jemalloc | system | 0.8",
            "Nothing tells 1 pair of choices from what each does by itself.",
        ],
    );
    let case = Case::new(&block(&format!("table effects bundle={NAME} metric=cpu")));
    let (code, output) = case.verify(&["--write"]);
    assert!(code == 1 && output.contains("no two settings that differ in one thing"), "{output}");
    let case = Case::new(&block("table effects bundle=newest metric=cpu"));
    let (code, output) = case.verify(&["--write"]);
    let expected = format!("Bundle `{NAME}` does not tell: no two settings");
    assert!(code == 0 && case.text().contains(&expected), "{output}");
}

#[test]
fn loads_have_tables_with_the_unit_of_work() {
    has(
        "loads bundle=newest",
        &[
            "| `resolve` | 10,000/s | 1,000 | 30,000 | 5 s after 1 s | right answer |",
            "right answer or frame that came",
            "| p99 < 50ms |",
        ],
    );
    has(
        "workloads",
        &["| workload | quick | normal | full | unit of work | promises |", "| `mixed` |"],
    );
}

#[test]
fn a_block_that_no_bundle_backs_says_why() {
    for (words, why) in [
        (
            "table headline bundle=2026-01-01-gone",
            "there is no bundle `2026-01-01-gone`; there are",
        ),
        ("table headlin bundle=x", "`headline` is near"),
        ("table headline bundle=NAME workload=loot", "no such server under loot"),
        ("value bundle=NAME cell=resolve@axum metric=cpu", "resolve@axum was not measured"),
        ("value bundle=NAME cell=resolve@hyper metric=scheduling", "does not tell"),
    ] {
        let case = Case::new(&format!("\n\n{}", block(&words.replace("NAME", NAME))));
        for more in [&[][..], &["--write"]] {
            let (code, output) = case.verify(more);
            assert_eq!(code, 1);
            assert!(output.contains("README.md:3: ") && output.contains(why), "{output}");
        }
    }
}

#[test]
fn a_bundle_that_was_edited_backs_nothing() {
    let case = written();
    let run = case.folder.path.join("results").join(NAME).join("runs/0000-01.json.gz");
    let mut bytes = fs::read(&run).unwrap();
    bytes[200] ^= 1;
    fs::write(&run, bytes).unwrap();
    let (code, output) = case.verify(&[]);
    assert_eq!(code, 1);
    assert!(output.contains("runs/0000-01.json.gz: changed since it was written"), "{output}");
    assert!(output.contains("README.md:3: no bundle backs this block"), "{output}");
}

#[test]
fn a_run_of_the_same_cell_alone_changes_what_is_published() {
    let case = written();
    let results = case.folder.path.join("results");
    fs::remove_dir_all(results.join(NAME)).unwrap();
    let synthetic = of_servers(&[("tokio-uring+jemalloc+heap", 10.0), ("hyper", 19.0)]);
    let _ = Synthetic { slos: vec![Slo::p99_ms(50)], ..synthetic }.write(&results);
    let (code, output) = case.verify(&[]);
    assert!(code == 1 && output.contains("no bundle backs"), "{output}");
    let (code, output) = case.verify(&["--write"]);
    assert!(code == 0 && output.contains("README.md: written"), "{output}");
}
