//! Flights through the whole core.
