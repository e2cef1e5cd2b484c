//! Both drivers over real sockets.

use alloc_heap::HeapArena;
use driver::conformance;
use runtime_monoio::{legacy, serve};

conformance!(io_uring, HeapArena, serve);
conformance!(readiness, HeapArena, legacy::serve);
