//! The Correspondence API's error codes: each that the stub knows is provoked by some test.

use std::{collections::BTreeSet, path::Path};

use crate::{attachment_codes, http::Answer, notification_codes, reader_codes, sending_codes};

/// Collects what one test provokes.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    provoked: BTreeSet<u64>,
}

impl Codes {
    pub(crate) fn expect(&mut self, status: u16, code: u64, answer: &Answer) {
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.code(), (status, Some(code)), "{body}");
        let json = answer.json();
        assert_eq!(json["code"], format!("CORR-{code:05}"));
        assert_eq!(json["status"], status);
        // An answer of the business, not of authentication: a new token would not help.
        assert!(answer.headers.get("www-authenticate").is_none());
        self.provoked.insert(code);
    }

    pub(crate) fn are(&self, expected: &[u64]) {
        let provoked: Vec<u64> = self.provoked.iter().copied().collect();
        assert_eq!(provoked, expected);
    }
}

/// Every number in the source that may be a code, tests aside.
fn in_source() -> BTreeSet<u64> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/correspondence");
    let mut codes = BTreeSet::new();
    for file in source.read_dir().unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let words = lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
        let numbers = words.filter_map(|word| word.parse::<u64>().ok());
        codes.extend(numbers.filter(
            |number| matches!(number, 1001..=1069 | 2000..=2023 | 3001..=3028 | 4001..=4010),
        ));
    }
    codes
}

#[test]
fn every_code_in_the_source_is_provoked_by_some_test() {
    let provoked = [
        attachment_codes::CODES,
        notification_codes::CODES,
        reader_codes::CODES,
        sending_codes::CODES,
    ];
    let provoked: BTreeSet<u64> = provoked.concat().into_iter().collect();
    let source = in_source();
    assert!(source.len() > 50, "{source:?}");
    assert_eq!(source, provoked);
}
