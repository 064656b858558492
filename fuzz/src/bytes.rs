//! Takes choices from the bytes that the fuzzer made. Knows nothing of what they are for.

/// What is left of an input.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte, `None` at the end.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// The next two bytes as a number.
    pub fn number(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    /// A length in one byte, then that many bytes.
    pub fn block(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        self.take(length.min(self.0.len()))
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}
