//! Norwegian organisation numbers and their ISO 6523 form.

use std::{fmt, str::FromStr};

use crate::GrantError;

/// The identifier scheme of ISO 6523 for Norwegian organisation numbers.
const ICD: &str = "0192:";

/// A Norwegian organisation number: nine digits with a valid check digit. Cheap to clone.
///
/// Made by [`str::parse`], from the bare number or from its ISO 6523 form.
///
/// ```
/// use maskinporten::OrganisationNumber;
///
/// let digdir: OrganisationNumber = "991825827".parse()?;
/// assert_eq!("0192:991825827".parse::<OrganisationNumber>()?, digdir);
/// assert_eq!(digdir.iso6523(), "0192:991825827");
/// assert!("991825828".parse::<OrganisationNumber>().is_err());
/// # Ok::<(), maskinporten::GrantError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrganisationNumber(u32);

impl OrganisationNumber {
    /// The number with its identifier scheme in front, as Maskinporten and Altinn write it in tokens:
    /// `0192:991825827`.
    #[must_use]
    pub fn iso6523(&self) -> String {
        format!("{ICD}{self}")
    }
}

impl FromStr for OrganisationNumber {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let number = text.trim();
        let number = number.strip_prefix(ICD).unwrap_or(number);
        if number.len() != 9 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(GrantError::new(
                "an organisation number is nine digits, with or without `0192:` in front",
            ));
        }
        if !check_digit_is_valid(number) {
            return Err(GrantError::new(
                "an organisation number has the wrong check digit: is a digit mistyped?",
            ));
        }
        number
            .parse()
            .map(Self)
            .map_err(|_| GrantError::new("an organisation number is nine digits"))
    }
}

/// Modulus 11 over the first eight digits, as Brønnøysundregistrene assigns the ninth.
fn check_digit_is_valid(nine_digits: &str) -> bool {
    const WEIGHTS: [u32; 9] = [3, 2, 7, 6, 5, 4, 3, 2, 1];
    let sum: u32 = nine_digits
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    sum.is_multiple_of(11)
}

impl fmt::Display for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl fmt::Debug for OrganisationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_9_accepts_the_prefix_once_and_never_doubles_it() {
        let number: OrganisationNumber = " 0192:310702641 ".parse().unwrap();
        assert_eq!(number.to_string(), "310702641");
        assert_eq!(number.iso6523(), "0192:310702641");
        assert!("0192:0192:310702641".parse::<OrganisationNumber>().is_err());
    }

    #[test]
    fn case_9_refuses_what_is_no_organisation_number() {
        for bad in [
            "",
            " ",
            "12345678",
            "1234567890",
            "99182582x",
            "991825826",
            "９９１８２５８２７",
        ] {
            assert!(bad.parse::<OrganisationNumber>().is_err(), "{bad:?}");
        }
    }
}
