//! Group B: the token endpoint fails or refuses.
