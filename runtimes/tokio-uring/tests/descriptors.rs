//! The backend with too few descriptors.

use alloc_heap::HeapArena;

driver::descriptors!(HeapArena; ring: runtime_tokio_uring::serve;);
