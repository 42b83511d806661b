//! The ways that a private key gets into a program, and those that end in a refusal.

use std::path::Path;

use tests::forms::Forms;

use crate::{
    loading::{self, Held},
    material,
};

/// A way in: what is in the file, and what reads it.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) make: fn(&Forms) -> Vec<u8>,
    pub(crate) load: fn(&Path) -> Held,
    /// What leaves copies that cannot be wiped from here.
    pub(crate) left_by: Option<&'static str>,
}

impl Form {
    fn left_by(mut self, what: &'static str) -> Self {
        self.left_by = Some(what);
        self
    }

    fn in_file(mut self, name: &'static str) -> Self {
        self.file = name;
        self
    }
}

fn form(name: &'static str, make: fn(&Forms) -> Vec<u8>, load: fn(&Path) -> Held) -> Form {
    Form {
        name,
        file: "key.json",
        make,
        load,
        left_by: None,
    }
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = Form> {
    let all = [keys(), settings(), refused()];
    all.into_iter().flatten()
}

const NUMBERS: &str = "crypto-bigint, whose numbers are not wiped when they are dropped";
const PKCS12: &str = "p12-keystore, whose keys are not wiped when they are dropped";

fn keys() -> Vec<Form> {
    use loading::{base64, followed, jwk, named, pem, unnamed, with_password};

    vec![
        form("JWK", material::jwk, jwk),
        form("JWK of n, e and d", material::bare, jwk).left_by(NUMBERS),
        form("base64", material::base64, base64),
        form("base64, as pasted", material::pasted, base64),
        form("base64, twice", material::twice, base64),
        form("set of keys", material::set, named),
        form("PEM, PKCS#8", material::pkcs8_pem, pem),
        form("PEM, PKCS#1", material::pkcs1_pem, pem),
        form("PEM, as a variable has it", material::pem_of_variable, pem),
        form("PEM, in base64", material::pem_in_base64, named),
        form("PEM, with certificates", material::certified_pem, unnamed),
        form(
            "PEM, with a password",
            material::encrypted_pem,
            with_password,
        ),
        form("DER", material::der, named),
        form("DER, in base64", material::der_in_base64, named),
        form("PKCS#12", material::pkcs12, with_password).left_by(PKCS12),
        form("file, read again", material::jwk, followed),
    ]
}

fn settings() -> Vec<Form> {
    use loading::{
        settings, settings_directory, settings_key_path, settings_text, settings_variable,
        settings_watched,
    };

    vec![
        form("settings, Jwk", material::settings, settings),
        form(
            "settings, Jwk as text",
            material::settings_with_text,
            settings,
        ),
        form(
            "settings, EncodedJwk",
            material::settings_with_base64,
            settings,
        ),
        form("settings, PEM", material::settings_with_pem, settings),
        form(
            "settings, escaped",
            material::settings_all_escaped,
            settings,
        ),
        form("settings, Jwks", material::settings_with_set, settings),
        form(
            "settings, fallback",
            material::settings_with_fallback,
            settings,
        ),
        form("settings, text", material::settings, settings_text),
        form("settings, variable", material::base64, settings_variable),
        form("settings, KeyPath", material::pkcs8_pem, settings_key_path),
        form("settings, files", material::jwk, settings_directory)
            .in_file("MASKINPORTEN_CLIENT_JWK"),
        form("settings, read again", material::settings, settings_watched),
    ]
}

fn refused() -> Vec<Form> {
    use loading::{no_base64, no_jwk, no_key, no_pem, no_settings, wrong_password};

    vec![
        form("refused: JWK cut", material::jwk_cut, no_jwk),
        form("refused: JWK and more", material::jwk_and_more, no_jwk),
        form(
            "refused: JWK, wrong base64",
            material::jwk_with_wrong_base64,
            no_jwk,
        ),
        form("refused: JWK, escape", material::jwk_with_escape, no_jwk),
        form(
            "refused: JWK, no match",
            material::jwk_that_does_not_match,
            no_jwk,
        ),
        form(
            "refused: n, e and d, no match",
            material::bare_that_does_not_match,
            no_jwk,
        ),
        form(
            "refused: base64 and more",
            material::base64_and_more,
            no_base64,
        ),
        form(
            "refused: base64 of half a JWK",
            material::base64_of_half,
            no_base64,
        ),
        form("refused: without a kid", material::der_in_base64, no_key),
        form("refused: PEM and more", material::pem_and_more, no_pem),
        form("refused: PEM cut", material::pem_cut, no_pem),
        form("refused: PEM of half a key", material::pem_of_half, no_pem),
        form(
            "refused: certificate of another",
            material::pem_of_another_certificate,
            no_key,
        ),
        form(
            "refused: wrong password",
            material::encrypted_pem,
            wrong_password,
        ),
        form(
            "refused: PKCS#12, wrong password",
            material::pkcs12,
            wrong_password,
        ),
        form(
            "refused: settings, no scope",
            material::settings_without_scope,
            no_settings,
        ),
        form(
            "refused: settings, two keys",
            material::settings_with_two_keys,
            no_settings,
        ),
        form(
            "refused: settings, wrong base64",
            material::settings_with_wrong_base64,
            no_settings,
        ),
        form(
            "refused: settings, cut",
            material::settings_cut,
            no_settings,
        ),
    ]
}
