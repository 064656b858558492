//! Whether a file is a whole ONNX model: the outermost fields of its protocol buffer, walked from end to end. Looks into none of them.

/// The field of `ModelProto` (onnx.proto) that holds the network.
const GRAPH: u64 = 7;
/// Wire types of protocol buffers.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// Whether fields follow each other without a rest, and the network is among them. The runtime itself takes a file that was cut off within its
/// last field for a shorter one.
pub(crate) fn is_whole(mut rest: &[u8]) -> bool {
    let mut has_graph = false;
    while !rest.is_empty() {
        let Some((field, after)) = after_field(rest) else { return false };
        has_graph |= field == GRAPH;
        rest = after;
    }
    has_graph
}

/// The first field's number, and what follows it.
fn after_field(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    let rest = match tag & 7 {
        VARINT => varint(rest)?.1,
        EIGHT_BYTES => rest.get(8..)?,
        FOUR_BYTES => rest.get(4..)?,
        LENGTH => {
            let (length, rest) = varint(rest)?;
            rest.get(usize::try_from(length).ok()?..)?
        }
        _ => return None,
    };
    Some((tag >> 3, rest))
}

/// A number of seven bits a byte, at most ten bytes long.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    const BYTES_MAX: usize = 10;
    let length = bytes.iter().take(BYTES_MAX).position(|byte| byte & 0x80 == 0)? + 1;
    let value = bytes[..length].iter().rev().fold(0_u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((value, &bytes[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_model_ends_where_its_last_field_does() {
        // ir_version 8, and a network of three bytes.
        let whole = [0x08, 8, 0x3a, 3, 1, 2, 3];
        assert!(is_whole(&whole));
        assert!((0..whole.len()).all(|end| !is_whole(&whole[..end])));
        assert!(!is_whole(&[0x08, 8]), "no network");
        assert!(!is_whole(&[0xff; 40]) && !is_whole(b"not a model at all"));
    }
}
