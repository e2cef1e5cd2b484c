//! Both modes with too few descriptors.

use alloc_heap::HeapArena;
use runtime_tokio_epoll::{Mode, serve};

driver::descriptors!(
    HeapArena;
    work_stealing: |node| serve(Mode::WorkStealing, node);
    per_core: |node| serve(Mode::PerCore, node);
);
