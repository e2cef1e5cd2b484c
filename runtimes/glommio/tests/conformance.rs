//! The backend over real sockets.

use alloc_heap::HeapArena;
use driver::Node;
use engine_core::api::hunts::Hunts;
use runtime_glommio::serve;

driver::conformance!(shared_table, HeapArena, serve);
driver::conformance!(private_tables, HeapArena, |mut node: Node<HeapArena, Hunts>| {
    node.private_descriptors = true;
    serve(node)
});
