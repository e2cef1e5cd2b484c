//! The server on its default allocator; everything else is in the library.

hunt_server::program!(alloc_jemalloc);
