//! The server on the system's allocator; everything else is in the library.

hunt_server::program!(alloc_system);
