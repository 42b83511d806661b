//! Lists of scopes.

use super::GrantError;

/// The scopes in `items`, each of which may be a list itself: sorted, each once, separated by one space.
pub(super) fn normalised<I>(items: I) -> Result<Box<str>, GrantError>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let mut list: Vec<String> = Vec::new();
    for item in items {
        for scope in item.as_ref().split_whitespace() {
            if !scope.bytes().all(is_scope_character) {
                return Err(GrantError::new(
                    "a scope holds a character that RFC 6749 does not allow (only visible ASCII but `\"` and `\\`)",
                ));
            }
            list.push(scope.to_owned());
        }
    }
    if list.is_empty() {
        return Err(GrantError::new("no scope is asked for"));
    }
    list.sort_unstable();
    list.dedup();
    Ok(list.join(" ").into())
}

/// `scope-token` of RFC 6749 section 3.3.
fn is_scope_character(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}
