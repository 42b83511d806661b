//! The numbers of a private key: what may be left out, and what must hold together.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use maskinporten_stub::Client;
use serde_json::{Value, json};
use tests::keys::{der_integers, jwk, read, refused, signs_for, with};

#[tokio::test]
async fn n_e_and_d_are_enough() {
    for size in [KeySize::Rsa2048, KeySize::Rsa3072] {
        let mut bare = match size {
            KeySize::Rsa2048 => jwk(),
            _ => big_key(size),
        };
        for computed in ["p", "q", "dp", "dq", "qi"] {
            bare.as_object_mut().unwrap().remove(computed);
        }
        signs_for(&read(&bare).unwrap(), &bare).await;
    }
    let mut wrong = jwk();
    for computed in ["p", "q", "dp", "dq", "qi"] {
        wrong.as_object_mut().unwrap().remove(computed);
    }
    for d in ["AQAB", "AA", "Ag"] {
        wrong["d"] = d.into();
        assert!(
            refused(read(&wrong)).contains("do not belong together"),
            "{d}"
        );
    }
}

/// A private JWK of another size: its public half, and `d` out of PKCS#1.
fn big_key(size: KeySize) -> Value {
    let pair = KeyPair::generate(size).unwrap();
    let pkcs8 = pair.as_der().unwrap();
    let integers = der_integers(&pkcs8.as_ref()[26..]);
    let member = |at: usize| URL_SAFE_NO_PAD.encode(&integers[at]);
    json!({"kty": "RSA", "kid": "big", "n": member(1), "e": member(2), "d": member(3),
        "p": member(4), "q": member(5), "dp": member(6), "dq": member(7), "qi": member(8)})
}

/// The same key with a public exponent of 3, which needs primes that are not 1 modulo 3.
fn with_exponent_3() -> Value {
    use crypto_bigint::{BoxedUint, ConcatenatingMul, Resize};
    loop {
        let mut jwk = big_key(KeySize::Rsa2048);
        let number = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
            BoxedUint::from_be_slice(&bytes, 1024).unwrap()
        };
        let one = BoxedUint::one_with_precision(1024);
        let (p, q) = (
            number("p").wrapping_sub(&one),
            number("q").wrapping_sub(&one),
        );
        let three = BoxedUint::from(3_u64);
        let divides = |n: &BoxedUint| {
            let three = crypto_bigint::NonZero::new(three.clone()).unwrap();
            bool::from(n.rem_vartime(&three).is_zero())
        };
        if divides(&p) || divides(&q) {
            continue;
        }
        // d = (2·φ(n) + 1) / 3, which is whole because φ(n) is 1 modulo 3 for such primes.
        let phi = p.concatenating_mul(&q).resize(2112);
        let three = crypto_bigint::NonZero::new(BoxedUint::from(3_u64)).unwrap();
        let (d, rest) = phi
            .wrapping_add(&phi)
            .wrapping_add(BoxedUint::one_with_precision(phi.bits_precision()))
            .div_rem_vartime(&three);
        assert!(bool::from(rest.is_zero()));
        jwk["e"] = "Aw".into();
        jwk["d"] = URL_SAFE_NO_PAD.encode(d.to_be_bytes()).into();
        for computed in ["p", "q", "dp", "dq", "qi"] {
            jwk.as_object_mut().unwrap().remove(computed);
        }
        return jwk;
    }
}

#[test]
fn h8_a_public_exponent_of_3_is_refused() {
    let error = refused(read(&with_exponent_3()));
    assert!(error.contains("is not 65537"), "{error}");
}

#[test]
fn h8_keys_that_do_not_hold_together_are_refused() {
    let other = Client::generate("o", "991825827").unwrap();
    let other: Value = serde_json::from_str(other.private_jwk().unwrap()).unwrap();
    for member in ["n", "d", "p", "q", "dp", "dq", "qi"] {
        assert!(
            refused(read(&with(member, other[member].clone())))
                .starts_with("the private key is not usable")
        );
    }
    for exponent in ["AQ", "Aw", "AAE", "AQAC", "__________8"] {
        assert!(refused(read(&with("e", exponent))).starts_with("the private key is not usable"));
    }
    let short = with("n", "AQAB");
    assert!(refused(read(&short)).contains("24 bits"));
    assert!(refused(read(&with("n", "not base64url!"))).contains("`n` is not base64url"));
}
