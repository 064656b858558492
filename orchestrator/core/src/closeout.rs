//! To be filled.
pub(crate) const HERE: () = ();
