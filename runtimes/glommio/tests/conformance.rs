//! The backend over real sockets.

use alloc_heap::HeapArena;
use driver::conformance;
use runtime_glommio::serve;

conformance!(glommio, HeapArena, serve);
