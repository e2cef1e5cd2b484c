//! Protobuf messages as text, by the schema that the engine publishes.
//!
//! The schema is read from the `.proto` file, so it is the contract that is tested, not the
//! engine's own structs.

use prost_reflect::prost::Message as _;
use prost_reflect::text_format::FormatOptions;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use std::sync::OnceLock;

const PROTO: &str = include_str!("../../engine-core/proto/hunt/v1/hunt.proto");

fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let file = protox::file::File::from_source("hunt/v1/hunt.proto", PROTO)
            .expect("the schema is well-formed");
        let mut pool = DescriptorPool::new();
        pool.add_file_descriptor_proto(file.file_descriptor_proto().clone())
            .expect("the schema refers to nothing else");
        pool
    })
}

fn message(name: &str) -> MessageDescriptor {
    pool().get_message_by_name(&format!("hunt.v1.{name}")).expect("the schema has the message")
}

/// The bytes of a `ClientMessage`.
///
/// # Errors
/// If the text is not one.
pub fn encode(text: &str) -> Result<Vec<u8>, String> {
    let message = DynamicMessage::parse_text_format(message("ClientMessage"), text)
        .map_err(|error| error.to_string())?;
    Ok(message.encode_to_vec())
}

/// The text of a `ServerMessage`, unknown fields by their numbers; `None` where the bytes are not
/// one in its canonical form.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    let message = DynamicMessage::decode(message("ServerMessage"), bytes).ok()?;
    let canonical = message.encode_to_vec() == bytes;
    let options = FormatOptions::new().skip_unknown_fields(false);
    canonical.then(|| message.to_text_format_with_options(&options))
}

/// The names of all values of all enums, but those that stand for none.
#[must_use]
pub fn enum_values() -> Vec<String> {
    let values = pool().all_enums().flat_map(|e| e.values().collect::<Vec<_>>());
    values.filter(|value| value.number() != 0).map(|value| value.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_message_is_encoded() {
        let bytes = encode("seq: 1 move { x: 1 y: 2.5 }").unwrap();
        let expected = b"\x08\x01\x12\x12\x09\0\0\0\0\0\0\xf0\x3f\x11\0\0\0\0\0\0\x04\x40";
        assert_eq!(bytes, expected);
        assert!(encode("seq: 1 jump {}").is_err());
    }

    #[test]
    fn a_server_message_is_text_and_bytes_that_are_none_are_not() {
        let moved = b"\x0a\x06\x08\x01\x10\x01\x30\x64";
        let text = "moved{seq:1,outcome:MOVE_OUTCOME_MOVED,energy:100}";
        assert_eq!(decode(moved).unwrap(), text);
        let unknown = decode(b"\x0a\x08\x08\x01\x10\x01\x30\x64\x38\x01").unwrap();
        assert_eq!(unknown, "moved{seq:1,outcome:MOVE_OUTCOME_MOVED,energy:100,7:1}");
        assert_eq!(decode(b"\x0a\x06\x10\x01\x08\x01\x30\x64"), None, "out of order");
        assert_eq!(decode(b"\x0a"), None);
    }
}
