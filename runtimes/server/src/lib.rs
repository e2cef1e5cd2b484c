//! The deployable treasure-hunt server: command line, configuration, signals, logs and metrics
//! around the engine, the driver and a runtime.

#[cfg(not(any(
    feature = "tokio",
    feature = "tokio-uring",
    feature = "glommio",
    feature = "monoio"
)))]
compile_error!(
    "hunt-server needs a runtime: build with one or more of the cargo features tokio, \
     tokio-uring, glommio, monoio"
);

pub mod allocator;
pub mod args;
pub mod cli;
pub mod config;
pub mod config_file;
pub mod config_keys;
pub mod demo;
pub mod doctor;
pub mod faults;
pub mod load;
pub mod logging;
pub mod metrics;
pub mod observer;
pub mod print_config;
pub mod process;
pub mod rehearsal;
pub mod run;
pub mod runtime_choice;
pub mod secrets;
pub mod signals;
pub mod token_command;
pub mod version;

/// The whole of a program: installs the allocator of a crate, and does what the command line asks.
#[macro_export]
macro_rules! program {
    ($allocator:ident) => {
        #[global_allocator]
        static GLOBAL: $allocator::Global = $allocator::GLOBAL;

        fn main() -> std::process::ExitCode {
            $crate::cli::main(std::env::args_os(), &$allocator::WITNESS)
        }
    };
}
