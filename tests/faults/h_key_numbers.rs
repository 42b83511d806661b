//! Group H: RSA keys that must not be used, with numbers of every kind of wrong.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use crypto_bigint::{
    BoxedUint, ConcatenatingMul, NonZero, Odd, Resize,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use maskinporten::{ClientKey, KeyOptions};
use maskinporten_stub::Client;
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use tests::{
    forms::pem,
    keys::{JWK, jwk, read, refused},
};

fn quiet() -> ProptestConfig {
    ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(quiet())]

    #[test]
    fn h8_one_wrong_bit_anywhere_is_noticed(
        member in prop::sample::select(vec!["n", "e", "d", "p", "q", "dp", "dq", "qi"]),
        at in any::<Index>(),
        bit in 0..8,
    ) {
        let mut wrong = URL_SAFE_NO_PAD.decode(JWK[member].as_str().unwrap()).unwrap();
        let at = at.index(wrong.len());
        wrong[at] ^= 1_u8 << bit;
        let mut key = jwk();
        key[member] = URL_SAFE_NO_PAD.encode(wrong).into();
        let error = refused(read(&key));
        prop_assert!(error.starts_with("the private key is not usable"), "{error}");
    }
}

/// The numbers of a key that is right but for what the test makes wrong: `n`, `e`, `d`, `p`, `q`, `dp`, `dq`, `qi`.
struct Numbers([BoxedUint; 8]);

const NAMES: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

impl Numbers {
    /// The key of two primes of the same size; `None` when `e` does not go with them.
    fn of(p: &BoxedUint, q: &BoxedUint, e: u64) -> Option<Self> {
        let bits = p.bits_precision();
        let one = BoxedUint::one_with_precision(bits);
        let [below_p, below_q] = [p, q].map(|prime| prime.wrapping_sub(&one));
        let order = below_p.concatenating_mul(&below_q);
        let d = inverse(e, &order)?;
        let remainder = |below: &BoxedUint| d.rem_vartime(&NonZero::new(below.clone()).unwrap());
        let (dp, dq) = (remainder(&below_p), remainder(&below_q));
        // There is none when both are the same.
        let modulus = Odd::new(p.clone()).unwrap();
        let qi = Option::from(q.invert_odd_mod(&modulus)).unwrap_or(one);
        let n = p.concatenating_mul(q);
        Some(Self([
            n,
            BoxedUint::from(e),
            d,
            p.clone(),
            q.clone(),
            dp,
            dq,
            qi,
        ]))
    }

    fn bytes(&self) -> Vec<Vec<u8>> {
        let numbers = self.0.iter().map(|number| number.to_be_bytes());
        let numbers = numbers.map(|bytes| {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes[zeros..].to_vec()
        });
        numbers.collect()
    }

    fn jwk(&self) -> Value {
        let mut jwk = json!({"kty": "RSA", "kid": "k"});
        for (name, bytes) in NAMES.iter().zip(self.bytes()) {
            jwk[name] = URL_SAFE_NO_PAD.encode(bytes).into();
        }
        jwk
    }

    /// PKCS#1, in PEM.
    fn pem(&self) -> String {
        let numbers = self.bytes().into_iter().flat_map(|bytes| integer(&bytes));
        let contents: Vec<u8> = [0x02, 0x01, 0x00].into_iter().chain(numbers).collect();
        pem("RSA PRIVATE KEY", &tagged(0x30, &contents))
    }

    /// Checks that the key is refused as JWK and as PEM, and gives what is said of it.
    fn refused(&self) -> [String; 2] {
        let as_pem = KeyOptions::new().kid("k").read(self.pem());
        [refused(read(&self.jwk())), refused(as_pem)]
    }
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    match bytes.first() {
        // A zero in front, lest it look negative.
        None | Some(0x80..) => tagged(0x02, &[&[0], bytes].concat()),
        Some(_) => tagged(0x02, bytes),
    }
}

fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let length = match contents.len() {
        0..0x80 => vec![length[1]],
        0x80..0x100 => vec![0x81, length[1]],
        _ => vec![0x82, length[0], length[1]],
    };
    [&[tag], &length[..], contents].concat()
}

/// What `e` must be multiplied with to be 1 modulo `order`: (1 + k·order) / e, for the k that makes it whole.
fn inverse(e: u64, order: &BoxedUint) -> Option<BoxedUint> {
    let divisor = NonZero::new(BoxedUint::from(e)).unwrap();
    let rest = order.rem_vartime(&divisor).to_be_bytes();
    let rest = u64::from_be_bytes(*rest.last_chunk().unwrap());
    let k = minus_inverse(rest.into(), e.into())?;
    let wide = order.resize(order.bits_precision() + 64);
    let one = BoxedUint::one_with_precision(wide.bits_precision());
    let multiple = wide.wrapping_mul(BoxedUint::from(k)).wrapping_add(one);
    let (d, rest) = multiple.div_rem_vartime(&divisor);
    assert!(bool::from(rest.is_zero()));
    Some(d.resize(order.bits_precision()))
}

/// The k from 0 on for which 1 + k·a is a multiple of m; `None` when there is none. Euclid's algorithm.
fn minus_inverse(a: i128, m: i128) -> Option<u64> {
    let (mut divisor, mut remainder, mut before, mut now) = (m, a, 0, 1);
    while remainder != 0 {
        let quotient = divisor / remainder;
        (divisor, remainder) = (remainder, divisor - quotient * remainder);
        (before, now) = (now, before - quotient * now);
    }
    (divisor == 1).then(|| u64::try_from((-before).rem_euclid(m)).unwrap())
}

/// A number of so many bits that is prime as far as Fermat can tell.
fn prime(bits: u32) -> BoxedUint {
    const SMALL: [u64; 20] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73,
    ];
    loop {
        let mut bytes = vec![0; bits as usize / 8];
        getrandom::fill(&mut bytes).unwrap();
        bytes[0] |= 0xc0;
        *bytes.last_mut().unwrap() |= 1;
        let candidate = BoxedUint::from_be_slice(&bytes, bits).unwrap();
        let divides = |small: u64| {
            let small = NonZero::new(BoxedUint::from(small)).unwrap();
            bool::from(candidate.rem_vartime(&small).is_zero())
        };
        if SMALL.into_iter().any(divides) {
            continue;
        }
        let params = BoxedMontyParams::new_vartime(Odd::new(candidate.clone()).unwrap());
        let two = BoxedMontyForm::new(BoxedUint::from(2_u64).resize(bits), &params);
        let below = candidate.wrapping_sub(BoxedUint::one_with_precision(bits));
        if two.pow(&below).retrieve() == BoxedUint::one_with_precision(bits) {
            return candidate;
        }
    }
}

/// The primes of a new key of 2048 bits.
fn primes() -> (BoxedUint, BoxedUint) {
    let client = Client::generate("c", "991825827").unwrap();
    let jwk: Value = serde_json::from_str(client.private_jwk().unwrap()).unwrap();
    let number = |name: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        BoxedUint::from_be_slice(&bytes, 1024).unwrap()
    };
    (number("p"), number("q"))
}

#[test]
fn h8_what_this_file_makes_is_right_when_nothing_is_made_wrong() {
    let (p, q) = primes();
    let right = Numbers::of(&p, &q, 65537).unwrap();
    read(&right.jwk()).unwrap();
    ClientKey::from_pem(&right.pem(), "k").unwrap();
}

#[test]
fn h8_keys_that_are_too_small_or_too_large_are_refused() {
    let small = loop {
        if let Some(small) = Numbers::of(&prime(512), &prime(512), 65537) {
            break small;
        }
    };
    let [as_jwk, as_pem] = small.refused();
    assert!(as_jwk.contains("1024 bits"), "{as_jwk}");
    assert!(as_pem.contains("size"), "{as_pem}");
    // Nobody computes with numbers like these before their size is known.
    for bytes in [255, 1025, 2048, 6000] {
        let number =
            |bytes: usize| BoxedUint::from_be_slice(&vec![0xff; bytes], bytes as u32 * 8).unwrap();
        let half = || number(bytes / 2 + 1);
        let e = BoxedUint::from(65537_u64);
        let numbers = Numbers([
            number(bytes),
            e,
            number(bytes),
            half(),
            half(),
            half(),
            half(),
            half(),
        ]);
        let [as_jwk, _] = numbers.refused();
        assert!(as_jwk.contains(&format!("{} bits", bytes * 8)), "{as_jwk}");
        let mut bare = numbers.jwk();
        for computed in ["p", "q", "dp", "dq", "qi"] {
            bare.as_object_mut().unwrap().remove(computed);
        }
        let error = refused(read(&bare));
        assert!(error.contains(&format!("{} bits", bytes * 8)), "{error}");
    }
}

#[test]
fn h8_a_public_exponent_that_is_not_65537_is_refused_though_all_else_is_right() {
    for e in [1, 3, 17, 257, 65539, 4_294_967_297] {
        let numbers = loop {
            let (p, q) = primes();
            if let Some(numbers) = Numbers::of(&p, &q, e) {
                break numbers;
            }
        };
        for error in numbers.refused() {
            assert!(
                error.starts_with("the private key is not usable"),
                "{e}: {error}"
            );
        }
    }
    // Even, or larger than the modulus: no key is right with these.
    let (p, q) = primes();
    for e in [
        BoxedUint::from(2_u64),
        BoxedUint::from(65536_u64),
        BoxedUint::from_be_slice(&[0xff; 300], 2400).unwrap(),
    ] {
        let mut numbers = Numbers::of(&p, &q, 65537).unwrap();
        numbers.0[1] = e;
        numbers.refused();
    }
}

#[test]
fn h8_primes_that_are_not_those_of_the_key_are_refused() {
    let (p, q) = primes();
    let right = || Numbers::of(&p, &q, 65537).unwrap();
    // One prime twice.
    Numbers::of(&p, &p, 65537).unwrap().refused();
    // A third prime in the modulus.
    let mut three = right();
    three.0[0] = three.0[0].concatenating_mul(&prime(64));
    three.refused();
    // One and n, which multiply to n.
    let mut trivial = right();
    trivial.0[3] = BoxedUint::one();
    trivial.0[4] = trivial.0[0].clone();
    trivial.refused();
    // The values of one prime taken for those of the other: signing with them would give the primes away.
    for (one, other) in [(3, 4), (5, 6)] {
        let mut swapped = right();
        swapped.0.swap(one, other);
        swapped.refused();
    }
    // d of another exponent.
    let mut wrong = right();
    wrong.0[2] = loop {
        let (p, q) = primes();
        if let Some(other) = Numbers::of(&p, &q, 17) {
            break other.0[2].clone();
        }
    };
    wrong.refused();
    // All of it zero.
    let zero = || BoxedUint::zero_with_precision(64);
    for at in 0..8 {
        let mut nothing = right();
        nothing.0[at] = zero();
        nothing.refused();
    }
}
