//! The deployable treasure-hunt server: command line, configuration, signals, logs and metrics
//! around the engine, the driver and a runtime.

pub mod args;
pub mod config;
pub mod config_file;
pub mod config_keys;
pub mod faults;
pub mod load;
pub mod print_config;
pub mod secrets;
pub mod version;
