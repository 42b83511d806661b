//! Group H: keys as people paste them, and what is not the key that is needed.

use std::sync::LazyLock;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use maskinporten::{ClientKey, KeyOptions, Settings};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};
use tests::{
    configuration::document,
    forms::{Forms, pem},
    keys::{JWK, jwk, read, refused, with},
};

static FORMS: LazyLock<Forms> = LazyLock::new(Forms::generate);
const PASSWORD: &str = "pæssword 2";

fn quiet() -> ProptestConfig {
    ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(quiet())]

    #[test]
    fn h5_base64_is_read_wherever_it_is_broken(
        alphabet in 0..4,
        wrapped in 0..3,
        twice in any::<bool>(),
        breaks in vec((any::<Index>(), prop::sample::select(vec![" ", "\n", "\r\n", "\t", "\"", "'"])), 0..20),
    ) {
        let encode = |text: &str| match alphabet {
            0 => STANDARD.encode(text),
            1 => STANDARD_NO_PAD.encode(text),
            2 => URL_SAFE.encode(text),
            _ => URL_SAFE_NO_PAD.encode(text),
        };
        let json = match wrapped {
            0 => jwk().to_string(),
            1 => json!([jwk()]).to_string(),
            _ => json!({"keys": [jwk()]}).to_string(),
        };
        let mut pasted = encode(&json);
        if twice {
            pasted = encode(&pasted);
        }
        for (at, with) in breaks {
            pasted.insert_str(at.index(pasted.len() + 1), with);
        }
        let key = ClientKey::from_base64(&pasted);
        prop_assert!(key.is_ok(), "{:?}", key.err());
    }
}

#[test]
fn h6_a_public_key_is_refused_in_every_form() {
    let public = tests::configuration::public_jwk(FORMS.jwk());
    let json = public.to_string();
    let (spki, pkcs1) = public_der(&public);
    for form in [
        json.clone(),
        STANDARD.encode(&json),
        json!({"keys": [public]}).to_string(),
        pem("PUBLIC KEY", &spki),
        pem("RSA PUBLIC KEY", &pkcs1),
        STANDARD.encode(pem("PUBLIC KEY", &spki)),
        FORMS.certificates_pem(),
    ] {
        let error = refused(KeyOptions::new().kid("k").read(&form));
        let says = ["private key is needed", "no private key"];
        assert!(says.iter().any(|says| error.contains(says)), "{error}");
    }
    // DER does not say what it is of.
    for der in [spki, pkcs1] {
        assert!(refused(KeyOptions::new().kid("k").read(&der)).contains("private RSA key"));
        let error = refused(KeyOptions::new().kid("k").read(STANDARD.encode(&der)));
        assert!(error.contains("private RSA key"), "{error}");
    }
}

/// The public key as `SubjectPublicKeyInfo` (RFC 5280) and as PKCS#1 (RFC 8017).
fn public_der(public: &Value) -> (Vec<u8>, Vec<u8>) {
    let sequence = |contents: Vec<u8>| {
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82][..], &length, &contents].concat()
    };
    let n = URL_SAFE_NO_PAD
        .decode(public["n"].as_str().unwrap())
        .unwrap();
    let e = [0x02, 0x03, 0x01, 0x00, 0x01];
    // A zero in front, so that it does not look negative.
    let n = [&[0x02, 0x82, 0x01, 0x01, 0x00][..], &n].concat();
    let pkcs1 = sequence([&n[..], &e].concat());
    let bits = u16::try_from(pkcs1.len() + 1).unwrap().to_be_bytes();
    let rsa_encryption = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let bit_string = [&[0x03, 0x82][..], &bits, &[0], &pkcs1].concat();
    let spki = sequence([&rsa_encryption[..], &bit_string].concat());
    // It is one: the other side reads it.
    aws_lc_rs::rsa::PublicKey::from_der(&spki).unwrap();
    (spki, pkcs1)
}

#[test]
fn h7_only_an_rsa_key_that_may_sign_is_taken() {
    for (member, values, says) in [
        (
            "kty",
            json!(["oct", "EC", "OKP", "rsa", "RSA ", ""]),
            "`kty`",
        ),
        ("kty", json!([null]), "`kty`"),
        (
            "alg",
            json!([
                "HS256", "none", "None", "ES256", "PS256", "PS512", "RSA-OAEP", "rs256", "RS256 ",
                "RS1", ""
            ]),
            "`alg`",
        ),
        ("use", json!(["enc", "SIG", "", "sig enc"]), "`use`"),
        (
            "key_ops",
            json!([["verify"], ["decrypt", "unwrapKey"], ["Sign"], [""]]),
            "`key_ops`",
        ),
        (
            "oth",
            json!([[{"r": "AQAB", "d": "AQAB", "t": "AQAB"}], [{}], [null]]),
            "`oth`",
        ),
    ] {
        for value in values.as_array().unwrap() {
            let wrong = with(member, value.clone());
            let error = refused(read(&wrong));
            assert!(error.contains(says), "{member} {value}: {error}");
            // By whichever door it comes.
            let encoded = STANDARD.encode(wrong.to_string());
            assert!(refused(ClientKey::from_base64(&encoded)).contains(says));
            for members in [json!({"Jwk": wrong}), json!({"EncodedJwk": encoded})] {
                let settings = Settings::builder().json("a.json", document(&members));
                let error = settings.build().unwrap_err().to_string();
                assert!(error.contains(says), "{member} {value}: {error}");
            }
        }
    }
    // A symmetric key that is called RSA has no modulus.
    let secret = json!({"kty": "RSA", "kid": "k", "alg": "RS256", "k": JWK["d"]});
    assert!(refused(read(&secret)).contains("`n` is missing"));
    for (member, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify", "sign"])),
        ("alg", json!("RS384")),
    ] {
        read(&with(member, value)).unwrap();
    }
}

#[test]
fn h9_the_first_private_key_of_several_blocks_is_taken() {
    let (first, second) = (&*FORMS, Forms::generate());
    let named = |pem: &str| KeyOptions::new().kid("k").read(pem);
    let garbage = pem("EC PARAMETERS", b"\x06\x05\x2b\x81\x04\x00\x22");
    let both = first.pkcs8_pem() + &second.pkcs8_pem();
    for file in [
        both.clone(),
        garbage.clone() + &both,
        first.certificates_pem() + &both,
        format!(
            "{}{}{garbage}",
            pem("PUBLIC KEY", b"\x30\x00"),
            first.pkcs8_pem()
        ),
        first.pkcs1_pem() + &second.pkcs1_pem(),
        format!("\u{feff}  friendlyName: client\n{both}"),
        both.replace('\n', "\r\n"),
        // A key without a password goes before one with.
        second.encrypted_pem(PASSWORD) + &first.pkcs8_pem(),
    ] {
        named(&file).unwrap();
        // What was read is the first: without a name it goes by its own certificates, and not by the other's.
        let certified = |by: &Forms| KeyOptions::new().read(by.certificates_pem() + &file);
        certified(first).unwrap();
        if !file.contains("CERTIFICATE") {
            let error = certified(&second).unwrap_err().to_string();
            assert!(error.contains("none of the certificates"), "{error}");
        }
    }
}

#[test]
fn h9_what_has_a_password_needs_it_and_what_has_none_does_not() {
    let files: [Vec<u8>; 3] = [
        FORMS.encrypted_pem(PASSWORD).into(),
        FORMS.encrypted_pem(PASSWORD).replace('\n', "\r\n").into(),
        STANDARD.encode(FORMS.encrypted_pem(PASSWORD)).into(),
    ];
    let options = KeyOptions::new().kid("k");
    for file in &files {
        options.clone().password(PASSWORD).read(file).unwrap();
        for wrong in [None, Some(""), Some("another"), Some("pæssword 2 ")] {
            let options = match wrong {
                Some(password) => options.clone().password(password),
                None => options.clone(),
            };
            let error = refused(options.read(file));
            assert!(error.contains("password"), "{wrong:?}: {error}");
            assert!(!error.contains(PASSWORD), "{wrong:?}: {error}");
        }
    }
    // One that is not needed does no harm.
    options.password(PASSWORD).read(FORMS.pkcs8_pem()).unwrap();
}

#[test]
fn h9_blocks_that_are_broken_are_told_and_not_read() {
    let whole = FORMS.pkcs8_pem();
    let der = FORMS.pkcs8();
    let broken = [
        whole.replace("-----END PRIVATE KEY-----", ""),
        whole.replace("-----END PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"),
        whole.replace("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY----"),
        whole.replacen("MII", "M!I", 1),
        pem("PRIVATE KEY", &der[..der.len() / 2]),
        pem("PRIVATE KEY", b""),
        pem("RSA PRIVATE KEY", b"\x30\x80\x02\x01\x00"),
        whole.replace(
            "PRIVATE KEY-----\n",
            "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
        ),
    ];
    for broken in broken {
        let error = KeyOptions::new().kid("k").read(&broken).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("the private key is not usable: "),
            "{error}"
        );
        for line in whole.lines().filter(|line| line.len() == 64) {
            assert!(!error.contains(&line[..16]), "{error}");
        }
    }
}
