//! What the paths execute, counted under valgrind: `cargo instructions check`.

#![expect(missing_docs, reason = "what the macros write has none")]

mod paths;
#[path = "../tests/support/mod.rs"]
mod support;

use iai_callgrind::{library_benchmark, library_benchmark_group, main};

// One step of a path that is set up and warm. It is handed back, so that its end is not counted.
#[library_benchmark(setup = paths::warm)]
#[benches::of(args = [
    "frame/delta_8_waypoints/json",
    "frame/delta_8_waypoints/protobuf",
    "frame/delta_64_waypoints/json",
    "frame/delta_64_waypoints/protobuf",
    "frame/full_64_treasures/json",
    "frame/full_64_treasures/protobuf",
    "frame/append_to_2000/json",
    "frame/append_to_2000/protobuf",
    "http_head/small/scan",
    "http_head/small/parse",
    "http_head/small/both",
    "http_head/browser/scan",
    "http_head/browser/parse",
    "http_head/browser/both",
    "http_head/resolve/scan",
    "http_head/resolve/parse",
    "http_head/resolve/both",
    "leaderboard/update/1000",
    "leaderboard/rank/1000",
    "leaderboard/update_and_rank/1000",
    "leaderboard/top_10/1000",
    "leaderboard/around_10/1000",
    "leaderboard/update/30000",
    "leaderboard/rank/30000",
    "leaderboard/update_and_rank/30000",
    "leaderboard/top_10/30000",
    "leaderboard/around_10/30000",
    "player_move/state/30000",
    "player_move/partition_heap/30000",
    "player_move/partition_bump/30000",
    "quest_parse/heap/12",
    "quest_parse/bump/12",
    "quest_parse/heap/4200",
    "quest_parse/bump/4200",
    "quest_parse/heap/8500",
    "quest_parse/bump/8500",
    "shard/heap/resolve",
    "shard/heap/status",
    "shard/heap/loot",
    "shard/heap/move",
    "shard/bump/resolve",
    "shard/bump/status",
    "shard/bump/loot",
    "shard/bump/move",
    "websocket/unmask/64 B",
    "websocket/unmask/1 KiB",
    "websocket/unmask/64 KiB",
    "websocket/decode/binary moves",
    "websocket/decode/text moves",
    "websocket/decode/16 KiB in pieces",
    "websocket/write_header/40 B",
    "websocket/write_header/1 KiB",
    "websocket/write_header/64 KiB",
])]
fn path(mut step: Box<dyn FnMut()>) -> Box<dyn FnMut()> {
    step();
    step
}

library_benchmark_group!(name = paths_counted; benchmarks = path);
main!(library_benchmark_groups = paths_counted);
