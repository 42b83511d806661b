//! Norwegian identifiers: what is well formed.

/// Whether it is nine digits. The control digit is not looked at, so tests may invent numbers.
pub(crate) fn is_org_number(text: &str) -> bool {
    text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is eleven digits with the two control digits of a national identity number.
pub(crate) fn is_national_identity_number(text: &str) -> bool {
    const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
    const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
    let divides = |digits: &[u32], weights: &[u32]| {
        let sum: u32 = digits.iter().zip(weights).map(|(a, b)| a * b).sum();
        sum.is_multiple_of(11)
    };
    digits.is_some_and(|digits| {
        digits.len() == 11 && divides(&digits, &FIRST) && divides(&digits, &SECOND)
    })
}

/// The organisation number in an ISO 6523 identifier: its second part.
pub(crate) fn org_number_of_iso6523(id: &str) -> Option<&str> {
    id.split(':').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_identifiers_from_other_digits() {
        for (text, person, organisation) in [
            ("25922947409", true, false),
            ("25922947408", false, false),
            ("25922947419", false, false),
            ("991825827", false, true),
            ("99182582", false, false),
            ("99182582x", false, false),
            ("٩٩١٨٢٥٨٢٧", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_national_identity_number(text), person, "{text}");
            assert_eq!(is_org_number(text), organisation, "{text}");
        }
    }

    #[test]
    fn takes_the_second_part_of_an_iso_6523_identifier() {
        let unit = "0192:991825827:ER//987464291:1";
        assert_eq!(org_number_of_iso6523(unit), Some("991825827"));
        assert_eq!(org_number_of_iso6523("991825827"), None);
    }
}
