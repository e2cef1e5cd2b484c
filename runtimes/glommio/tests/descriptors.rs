//! Too few descriptors.

use alloc_heap::HeapArena;
use runtime_glommio::serve;

driver::descriptors!(HeapArena; glommio: serve;);
