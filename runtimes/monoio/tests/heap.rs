//! What both drivers ask the heap for.

use alloc_heap::HeapArena;
use runtime_monoio::{legacy, serve};

driver::heap!(
    HeapArena;
    io_uring: serve, pinned = runtime_monoio::READ_BYTES, besides = 1120;
    readiness: legacy::serve, pinned = 0, besides = 1216;
);
