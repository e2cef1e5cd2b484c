//! One workload on jemalloc.

alloc_bench::program!(alloc_jemalloc);
