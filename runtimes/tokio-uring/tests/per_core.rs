//! Private descriptor tables and cores of their own.

use alloc_heap::HeapArena;

driver::per_core!(HeapArena; ring: runtime_tokio_uring::serve;);
