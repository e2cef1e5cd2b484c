//! Both modes over real sockets.

use alloc_heap::HeapArena;
use driver::{conformance, private_tables};
use runtime_tokio_epoll::{Mode, serve};

conformance!(work_stealing, HeapArena, |node| serve(Mode::WorkStealing, node));
conformance!(per_core, HeapArena, |node| serve(Mode::PerCore, node));
private_tables!(private_tables, HeapArena, |node| serve(Mode::PerCore, node));
