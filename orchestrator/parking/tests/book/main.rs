//! The book as a whole: stays, cameras, payments, and many payers against a provider that fails.

mod cameras;
mod crowd;
mod forgetting;
mod money;
mod provider;
mod stays;
mod world;
