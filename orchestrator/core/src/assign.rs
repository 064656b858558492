//! Calls to guards at the least total time.
