//! The server on mimalloc; everything else is in the library.

hunt_server::program!(alloc_mimalloc);
