//! What the heap is asked for. glommio allocates a source for each wait for a socket, and two or
//! three for each turn of its loop; a lone client makes about two turns a request.

use alloc_heap::HeapArena;
use runtime_glommio::serve;

driver::heap!(HeapArena; glommio: serve, pinned = 0, besides = 1344, each = 20;);
