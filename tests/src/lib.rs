//! Tests over the whole workspace: its shape, its programs, its promises under kill -9.
