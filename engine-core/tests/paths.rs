//! The paths that benches measure: each can be gone, and each is counted.

#[path = "../benches/paths/mod.rs"]
mod paths;
mod support;

const COUNTED: &str = include_str!("../benches/instructions.rs");

#[test]
fn every_path_can_be_gone_and_is_counted() {
    for path in paths::ALL.iter().copied().flatten() {
        let mut step = (path.ready)();
        (step.run)();
        (step.run)();
        let counted = COUNTED.matches(&format!("\"{}\",", path.name)).count();
        assert_eq!(counted, 1, "{}", path.name);
    }
}
