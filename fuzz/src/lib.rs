//! What the fuzz targets share: the other side as the input describes it, keys to put into it, and what was told.

#![forbid(unsafe_code)]

mod answers;
mod keys;
pub mod settings;
mod source;
mod template;
mod told;
pub mod whatwg;

pub use {
    answers::{Answers, Request},
    keys::{Key, OTHER, OWN, certifies, pem_body, verifies},
    source::{block_on, check_token, grant, maskinporten, random},
    template::expand,
    told::{Told, listen},
};
