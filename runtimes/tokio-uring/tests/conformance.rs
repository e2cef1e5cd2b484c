//! What every backend must do over real sockets.

use alloc_heap::HeapArena;
use driver::conformance;
use runtime_tokio_uring::serve;

conformance!(ring, HeapArena, serve);
driver::private_tables!(private_tables, HeapArena, serve);
