//! Norwegian national identity numbers.

use std::{fmt, str::FromStr};

use crate::GrantError;

/// A Norwegian national identity number (a birth number, a D number or a synthetic one): eleven digits with valid
/// control digits. It is personal data, so it is never shown: its `Debug` is blank, and it has no `Display`.
///
/// ```
/// use maskinporten::{Grant, NationalIdentityNumber};
///
/// let person: NationalIdentityNumber = "25922947409".parse()?;
/// let grant = Grant::new("provider:person.read")?.with_pid(person);
/// assert!(!format!("{grant:?}").contains("25922947409"));
/// # Ok::<(), maskinporten::GrantError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NationalIdentityNumber(Box<str>);

impl NationalIdentityNumber {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NationalIdentityNumber {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let number = text.trim();
        if number.len() != 11 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(GrantError::new(
                "a national identity number is eleven digits",
            ));
        }
        if !control_digits_are_valid(number) {
            return Err(GrantError::new(
                "a national identity number has the wrong control digits: is a digit mistyped?",
            ));
        }
        Ok(Self(number.into()))
    }
}

/// Modulus 11 twice, over the first nine digits and over the first ten.
fn control_digits_are_valid(eleven_digits: &str) -> bool {
    const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
    const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let is_valid = |weights: &[u32]| {
        let digits = eleven_digits.bytes().map(|digit| u32::from(digit - b'0'));
        let sum: u32 = digits
            .zip(weights)
            .map(|(digit, weight)| digit * weight)
            .sum();
        sum.is_multiple_of(11)
    };
    is_valid(&FIRST) && is_valid(&SECOND)
}

impl fmt::Debug for NationalIdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NationalIdentityNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_digits_are_checked() {
        for good in ["25922947409", " 25922947409 "] {
            assert!(good.parse::<NationalIdentityNumber>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "2592294740",
            "25922947408",
            "25922947419",
            "2592294740x",
            "00000000001",
        ] {
            let error = bad.parse::<NationalIdentityNumber>().unwrap_err();
            assert!(
                bad.is_empty() || !error.to_string().contains(bad),
                "{error}"
            );
        }
    }
}
