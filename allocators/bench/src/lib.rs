//! What each allocator and each arena costs in time and memory, on the engine's own types.
//!
//! A process has one allocator, so there is a program for each. [`one`] runs one workload once, in
//! a fresh process, and prints one [`sample`]; [`rounds`] starts such processes in a random order,
//! round after round, and [`report`] makes a table of what they printed.

pub mod memory;
pub mod one;
pub mod report;
pub mod rounds;
pub mod sample;
mod workloads;

/// The whole of a program that runs one workload on the allocator of a crate.
#[macro_export]
macro_rules! program {
    ($allocator:ident) => {
        #[global_allocator]
        static GLOBAL: $allocator::Global = $allocator::GLOBAL;

        fn main() -> std::process::ExitCode {
            $crate::one::main(&$allocator::WITNESS)
        }
    };
}
