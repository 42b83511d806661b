//! Settings as users have them, from the text to the source of tokens. No network: the HTTP client is a function.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod connecting;
mod mistakes;
mod sources;
mod support;
mod vocabularies;
