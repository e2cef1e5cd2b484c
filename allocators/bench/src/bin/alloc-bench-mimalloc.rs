//! One workload on mimalloc.

alloc_bench::program!(alloc_mimalloc);
