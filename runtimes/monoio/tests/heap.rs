//! What both drivers ask the heap for.

use alloc_heap::HeapArena;
use runtime_monoio::{legacy, serve};

driver::heap!(
    HeapArena;
    io_uring: serve, pinned = runtime_monoio::READ_BYTES;
    readiness: legacy::serve, pinned = 0;
);
