//! Group H: variables that are not set, misspelt, blank, or have a line break too many.

use maskinporten::Settings;
use tests::configuration::{ID, encoded, private_jwk};

/// What somebody has set, as names and values.
type Variables = Vec<(String, String)>;

/// The variables of each vocabulary that a client cannot do without, each with the names that it is looked for by.
fn vocabularies() -> [(Variables, [&'static [&'static str]; 4]); 2] {
    let key = encoded(&private_jwk());
    let named = |names: [&str; 4], environment: &str| {
        let values = [ID, &key, "canary:scope", environment];
        let variables = names.into_iter().zip(values);
        variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let metadata = "https://test.maskinporten.no/.well-known/oauth-authorization-server";
    let looked_for: [&[&str]; 4] = [
        &["MaskinportenSettings:ClientId", "MASKINPORTEN_CLIENT_ID"],
        &[
            "MaskinportenSettings:EncodedJwk",
            "MaskinportenSettings:Jwk",
            "MaskinportenSettings:KeyPath",
            "MASKINPORTEN_CLIENT_JWK",
        ],
        &["MaskinportenSettings:Scope", "MASKINPORTEN_SCOPES"],
        &[
            "MaskinportenSettings:Environment",
            "MaskinportenSettings:Authority",
            "MASKINPORTEN_WELL_KNOWN_URL",
            "MASKINPORTEN_ISSUER",
        ],
    ];
    let official = [
        "MaskinportenSettings__ClientId",
        "MaskinportenSettings__EncodedJwk",
        "MaskinportenSettings__Scope",
        "MaskinportenSettings__Environment",
    ];
    let nais = [
        "MASKINPORTEN_CLIENT_ID",
        "MASKINPORTEN_CLIENT_JWK",
        "MASKINPORTEN_SCOPES",
        "MASKINPORTEN_WELL_KNOWN_URL",
    ];
    [
        (named(official, "test"), looked_for),
        (named(nais, metadata), looked_for),
    ]
}

/// The error, which has none of the values in it.
fn refused(variables: &Variables) -> String {
    let settings = Settings::builder().vars(variables.iter().cloned()).build();
    let error = settings.unwrap_err();
    let text = format!("{error} {error:?} {error:#?}");
    for (name, value) in variables.iter().filter(|(_, value)| value.len() > 4) {
        assert!(
            !text.contains(&value[..value.len().min(16)]),
            "{name}: {text}"
        );
    }
    error.to_string()
}

#[test]
fn h13_what_is_not_set_is_told_by_every_name_it_may_have() {
    for (variables, looked_for) in vocabularies() {
        for (at, names) in looked_for.into_iter().enumerate() {
            let mut unset = variables.clone();
            unset.remove(at);
            for blank in [None, Some(""), Some("  "), Some("\n"), Some("\r\n\t")] {
                let mut variables = unset.clone();
                let name = &vocabularies()[0].0[at].0;
                variables.extend(blank.map(|blank| (name.clone(), blank.to_owned())));
                let error = refused(&variables);
                for name in names {
                    assert!(error.contains(&format!("`{name}`")), "{blank:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn h13_a_misspelt_name_is_told_and_its_value_is_not() {
    let [(variables, looked_for), _] = vocabularies();
    for (at, names) in looked_for.into_iter().enumerate() {
        let (name, value) = &variables[at];
        for misspelt in [
            format!("{name}s"),
            name.replace("__", "__ "),
            format!("{name}__"),
        ] {
            let mut variables = variables.clone();
            variables[at] = (misspelt.clone(), value.clone());
            let error = refused(&variables);
            assert!(error.contains(&format!("variable {misspelt}")), "{error}");
            assert!(error.contains(&format!("`{}`", names[0])), "{error}");
        }
    }
}

#[test]
fn h13_white_space_around_a_value_means_nothing() {
    for (variables, _) in vocabularies() {
        for (before, after) in [("", "\n"), (" ", "\r\n"), ("\t", " ")] {
            let padded = variables.iter();
            let padded =
                padded.map(|(name, value)| (name.clone(), format!("{before}{value}{after}")));
            let settings = Settings::builder().vars(padded).build().unwrap();
            assert_eq!(settings.client_id(), ID);
            assert_eq!(settings.grant().scope(), "canary:scope");
        }
    }
    // Within a client's id it is a mistake.
    let [(mut variables, _), _] = vocabularies();
    variables[0].1 = "0f1e2d3c 4b5a-4968".to_owned();
    let error = refused(&variables);
    assert!(
        error.contains("`ClientId` (variable MaskinportenSettings__ClientId)"),
        "{error}"
    );
}
