//! What the backend asks the heap for.

use alloc_heap::HeapArena;

driver::heap!(HeapArena; ring: runtime_tokio_uring::serve, pinned = 0;);
