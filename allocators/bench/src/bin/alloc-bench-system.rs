//! One workload on the system's allocator.

alloc_bench::program!(alloc_system);
