//! What both modes ask the heap for.

use alloc_heap::HeapArena;
use runtime_tokio_epoll::{Mode, serve};

driver::heap!(
    HeapArena;
    work_stealing: |node| serve(Mode::WorkStealing, node), pinned = 0;
    per_core: |node| serve(Mode::PerCore, node), pinned = 0;
);
