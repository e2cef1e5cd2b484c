//! What is left of a server that has ended. Alone in its process, whose descriptors it counts.

use alloc_heap::HeapArena;
use driver::testing::end::nothing_is_left;

#[test]
fn nothing_is_left_of_a_server_that_has_ended() {
    nothing_is_left::<HeapArena>(runtime_monoio::serve);
    nothing_is_left::<HeapArena>(runtime_monoio::legacy::serve);
}
