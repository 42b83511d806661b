//! Addresses of a Maskinporten and of an Altinn platform: what is accepted is encrypted or does not leave the machine, and
//! secrets go to the issuer's own origin, as browsers see it, also when it was read from metadata.
//!
//! The first line is an issuer, the second a token endpoint, the third a platform; the rest is metadata, read from
//! `https://issuer.example`.

#![no_main]

use fuzz::{
    Answers, Told, block_on, listen,
    whatwg::{is_secure, origin},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::{AltinnPlatform, Environment};

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(input) else {
        return Corpus::Reject;
    };
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (issuer, endpoint, platform, metadata) = (line(), line(), line(), line());

    if let Ok(environment) = Environment::custom(issuer, endpoint) {
        assert_eq!(environment.issuer(), issuer);
        is_one_origin(&environment);
    }
    if let Ok(platform) = platform.parse::<AltinnPlatform>()
        && let Some(origin) = origin(platform.base_url())
    {
        assert!(is_secure(&origin), "{platform:?}");
    }
    let answer = format!("200\ncontent-type: application/json\n\n{metadata}");
    let answers = Answers::new(answer.as_bytes(), &[]);
    match block_on(Environment::discover("https://issuer.example", &answers)) {
        Ok(environment) => {
            is_one_origin(&environment);
            let read_from = origin("https://issuer.example");
            let endpoint = origin(&environment.token_endpoint().to_string());
            assert!(endpoint.is_none() || endpoint == read_from, "{environment:?}");
        }
        Err(error) => {
            Told::by_events().and_error(&error).is_decent();
        }
    }
    Corpus::Keep
});

fn is_one_origin(environment: &Environment) {
    let endpoint = environment.token_endpoint().to_string();
    // What no browser takes is an error when it is asked.
    if let (Some(issuer), Some(endpoint)) = (origin(environment.issuer()), origin(&endpoint)) {
        assert_eq!(issuer, endpoint);
        assert!(is_secure(&issuer), "{environment:?}");
    }
}
