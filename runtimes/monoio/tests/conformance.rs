//! Both drivers over real sockets.

use alloc_heap::HeapArena;
use driver::{conformance, private_tables};
use runtime_monoio::{legacy, serve};

conformance!(io_uring, HeapArena, serve);
conformance!(readiness, HeapArena, legacy::serve);
private_tables!(io_uring_with_private_tables, HeapArena, serve);
private_tables!(readiness_with_private_tables, HeapArena, legacy::serve);
