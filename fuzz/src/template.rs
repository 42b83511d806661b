//! Inputs with gaps in them, so that the fuzzer need not find out what a key or a token looks like.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};

/// Fills the gaps: `$x` with the value that is called `x`, and `$(…)` with base64url of what is between the
/// parentheses. What is no gap stays as it is.
#[must_use]
pub fn expand(input: &[u8], values: &[(u8, &[u8])]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'$' {
            output.push(first);
            continue;
        }
        match rest.first() {
            Some(b'(') => {
                let inner = &rest[1..];
                let end = inner.iter().position(|byte| *byte == b')');
                let (inner, after) = inner.split_at(end.unwrap_or(inner.len()));
                output.extend(BASE64URL.encode(inner).into_bytes());
                rest = after.get(1..).unwrap_or_default();
            }
            Some(name) => match values.iter().find(|(known, _)| known == name) {
                Some((_, value)) => {
                    output.extend_from_slice(value);
                    rest = &rest[1..];
                }
                None => output.push(first),
            },
            None => output.push(first),
        }
    }
    output
}
