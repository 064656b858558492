//! Writes ONNX files: so much of the protocol buffers of `onnx.proto` (ONNX IR version 8, operators of version 13) as the tests' networks take.

/// A field of a protocol buffer that carries bytes.
fn bytes_field(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
    varint(number << 3 | 2, out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn number_field(number: u64, value: u64, out: &mut Vec<u8>) {
    varint(number << 3, out);
    varint(value, out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A network as a file would have it.
#[derive(Default)]
pub struct Network {
    graph: Vec<u8>,
}

impl Network {
    /// Floats that go with the file.
    pub fn constant(mut self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        let mut tensor = Vec::new();
        for size in shape {
            number_field(1, *size as u64, &mut tensor);
        }
        number_field(2, FLOAT, &mut tensor);
        bytes_field(8, name.as_bytes(), &mut tensor);
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        bytes_field(9, &raw, &mut tensor);
        bytes_field(5, &tensor, &mut self.graph);
        self
    }

    /// An operation from inputs to one output.
    pub fn then(self, operation: &str, inputs: &[&str], output: &str) -> Self {
        self.then_with(operation, inputs, output, &[])
    }

    /// The same with lists of whole numbers that say how.
    pub fn then_with(mut self, operation: &str, inputs: &[&str], output: &str, how: &[(&str, &[u64])]) -> Self {
        let mut node = Vec::new();
        for input in inputs {
            bytes_field(1, input.as_bytes(), &mut node);
        }
        bytes_field(2, output.as_bytes(), &mut node);
        bytes_field(4, operation.as_bytes(), &mut node);
        for (name, numbers) in how {
            let mut attribute = Vec::new();
            bytes_field(1, name.as_bytes(), &mut attribute);
            numbers.iter().for_each(|number| number_field(8, *number, &mut attribute));
            number_field(20, INTS, &mut attribute);
            bytes_field(5, &attribute, &mut node);
        }
        bytes_field(1, &node, &mut self.graph);
        self
    }

    pub fn input(mut self, name: &str, shape: &[usize]) -> Self {
        bytes_field(11, &value(name, shape), &mut self.graph);
        self
    }

    pub fn output(mut self, name: &str, shape: &[usize]) -> Self {
        bytes_field(12, &value(name, shape), &mut self.graph);
        self
    }

    /// The file's bytes; the graph comes last.
    pub fn file(self) -> Vec<u8> {
        let mut model = Vec::new();
        number_field(1, 8, &mut model);
        let mut operators = Vec::new();
        bytes_field(1, b"", &mut operators);
        number_field(2, 13, &mut operators);
        bytes_field(8, &operators, &mut model);
        let mut graph = Vec::new();
        bytes_field(2, b"bays", &mut graph);
        graph.extend(self.graph);
        bytes_field(7, &graph, &mut model);
        model
    }
}

/// `AttributeProto.AttributeType.INTS`.
const INTS: u64 = 7;
/// `TensorProto.DataType.FLOAT`.
const FLOAT: u64 = 1;

fn value(name: &str, sizes: &[usize]) -> Vec<u8> {
    let mut shape = Vec::new();
    for size in sizes {
        let mut dimension = Vec::new();
        number_field(1, *size as u64, &mut dimension);
        bytes_field(1, &dimension, &mut shape);
    }
    let mut tensor = Vec::new();
    number_field(1, FLOAT, &mut tensor);
    bytes_field(2, &shape, &mut tensor);
    let mut kind = Vec::new();
    bytes_field(1, &tensor, &mut kind);
    let mut value = Vec::new();
    bytes_field(1, name.as_bytes(), &mut value);
    bytes_field(2, &kind, &mut value);
    value
}
