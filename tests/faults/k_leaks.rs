//! Group K: what must not leak, and what must not be abused.
