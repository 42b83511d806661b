//! Group H: keys, secrets and settings that change or are broken.
