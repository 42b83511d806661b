//! The token that all send.

/// The length of a token as Maskinporten gives it.
const LENGTH: usize = 1017;

/// A token in the shape of a JWT. `seed` makes it another one.
pub fn token(seed: usize) -> String {
    const HEADER: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ";
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut token = format!("{HEADER}.{seed:016x}");
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    while token.len() < LENGTH {
        // The signature of RS256 has 342 characters.
        if token.len() == LENGTH - 343 {
            token.push('.');
        }
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        token.push(char::from(ALPHABET[state >> 58]));
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_parts_and_the_length() {
        for seed in [0, 1, usize::MAX] {
            let token = token(seed);
            assert_eq!(token.len(), LENGTH);
            assert_eq!(token.split('.').count(), 3);
        }
        assert_ne!(token(1), token(2));
    }
}
