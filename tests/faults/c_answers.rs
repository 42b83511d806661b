//! Group C: answers that are malformed or hostile.
