//! Honest results are accepted; whatever is changed in one is found, named and proved.
mod job;
mod properties;
mod rule;
mod tampering;
