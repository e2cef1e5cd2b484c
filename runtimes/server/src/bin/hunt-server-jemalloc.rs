//! The server on jemalloc; everything else is in the library.

hunt_server::program!(alloc_jemalloc);
