//! What the heap is asked for. glommio allocates a source for each wait for a socket, and two or
//! three for each turn of its loop; a lone client makes about two turns a request. How many sources
//! wait at the moment of a reading depends on what else the machine does: 1,290 to 1,390 bytes were
//! seen.

use alloc_heap::HeapArena;
use runtime_glommio::serve;

driver::heap!(HeapArena; glommio: serve, pinned = 0, besides = 1536, each = 20;);
