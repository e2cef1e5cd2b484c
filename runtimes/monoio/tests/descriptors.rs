//! Both drivers with too few descriptors.

use alloc_heap::HeapArena;
use runtime_monoio::{legacy, serve};

driver::descriptors!(
    HeapArena;
    io_uring: serve;
    readiness: legacy::serve;
);
