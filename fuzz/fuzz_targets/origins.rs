//! `Origins`: yes only to URIs whose origin, as browsers see it, is an allowed one; and plain http only to loopback.
//!
//! Each line but the last is an origin that is allowed; the last is the URI of a request.

#![no_main]

use fuzz::whatwg::{is_secure, origin};
use http::Uri;
use libfuzzer_sys::{Corpus, fuzz_target};
use tower_maskinporten::Origins;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(input) else {
        return Corpus::Reject;
    };
    let mut allowed: Vec<_> = text.split('\n').collect();
    let uri = allowed.pop().unwrap_or_default();
    for text in &allowed {
        // A URL that no browser takes is not resolved by anybody else either; it goes by its letters.
        if Origins::new([text]).is_ok()
            && let Some(origin) = origin(text)
        {
            assert!(is_secure(&origin), "{text:?} is not secure");
        }
    }
    allowed.retain(|text| Origins::new([text]).is_ok());
    let (Ok(origins), Ok(parsed)) = (Origins::new(&allowed), uri.parse::<Uri>()) else {
        return Corpus::Keep;
    };
    for text in [uri, &parsed.to_string()] {
        if !origins.allow(&parsed) {
            continue;
        }
        match origin(text) {
            Some(found) => assert!(
                allowed
                    .iter()
                    .any(|text| origin(text).as_ref() == Some(&found)),
                "{text:?} is at {found:?}, which is none of {allowed:?}"
            ),
            None => assert!(is_spelt_alike(&parsed, &allowed), "{text:?} {allowed:?}"),
        }
    }
    Corpus::Keep
});

/// Whether scheme and host are those of one that is allowed, letter for letter.
fn is_spelt_alike(uri: &Uri, allowed: &[&str]) -> bool {
    allowed.iter().any(|text| {
        let allowed: Uri = text.parse().unwrap();
        let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
        allowed.scheme() == uri.scheme() && host(&allowed) == host(uri)
    })
}
