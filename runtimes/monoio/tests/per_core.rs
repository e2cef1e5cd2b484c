//! Private descriptor tables and cores of their own, on both drivers.

use alloc_heap::HeapArena;
use runtime_monoio::{legacy, serve};

driver::per_core!(HeapArena; io_uring: serve; readiness: legacy::serve;);
