//! Private descriptor tables and cores of their own, where each worker has a thread.

use alloc_heap::HeapArena;
use runtime_tokio_epoll::{Mode, serve};

driver::per_core!(HeapArena; per_core: |node| serve(Mode::PerCore, node););
