//! The rest of an RSA private key from `n`, `e` and `d`: NIST SP 800-56B rev. 2, appendix C.1.

use crypto_bigint::{
    BoxedUint, CheckedSub, ConcatenatingMul, Gcd, NonZero, Odd, Resize,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use zeroize::Zeroizing;

/// How many bases are tried; each fails with probability at most one half.
const BASES: u32 = 64;

/// Computes `p`, `q`, `dp`, `dq` and `qi`, big-endian; `None` when `n`, `e` and `d` are not of one key.
pub(super) fn complete(n: &[u8], e: &[u8], d: &[u8]) -> Option<[Zeroizing<Vec<u8>>; 5]> {
    let bits = u32::try_from(n.len().checked_mul(8)?).ok()?;
    let n = BoxedUint::from_be_slice(n, bits).ok()?;
    let e = BoxedUint::from_be_slice(e, 64).ok()?;
    let d = Zeroizing::new(BoxedUint::from_be_slice(d, bits).ok()?);

    let (p, q) = primes(&n, &e, &d)?;
    let one = BoxedUint::one_with_precision(bits);
    let exponent = |prime: &BoxedUint| {
        let below = Zeroizing::new(NonZero::new(prime.wrapping_sub(&one)).into_option()?);
        Some(Zeroizing::new(d.rem_vartime(&below)))
    };
    let (dp, dq) = (exponent(&p)?, exponent(&q)?);
    let modulus = Zeroizing::new(Odd::new((*p).clone()).into_option()?);
    let qi = Zeroizing::new(q.invert_odd_mod(&modulus).into_option()?);
    Some([p, q, dp, dq, qi].map(|value| Zeroizing::new(value.to_be_bytes().into_vec())))
}

/// Finds a square root of 1 modulo `n` that is neither 1 nor −1: it shares a factor with `n`.
fn primes(
    n: &BoxedUint,
    e: &BoxedUint,
    d: &BoxedUint,
) -> Option<(Zeroizing<BoxedUint>, Zeroizing<BoxedUint>)> {
    let params = BoxedMontyParams::new(Odd::new(n.clone()).into_option()?);
    // e·d − 1 is a multiple of the order of every base.
    let product = Zeroizing::new(d.concatenating_mul(e));
    let multiple = Zeroizing::new(
        product
            .checked_sub(&BoxedUint::one_with_precision(product.bits_precision()))
            .into_option()?,
    );
    if multiple.is_zero().into() {
        return None;
    }
    let twos = multiple.trailing_zeros();
    let odd_part = Zeroizing::new(multiple.shr_vartime(twos)?);

    let one = BoxedMontyForm::one(&params);
    let minus_one = one.neg();
    for base in 2..BASES {
        let base = BoxedUint::from(u64::from(base)).resize(n.bits_precision());
        let mut x = Zeroizing::new(BoxedMontyForm::new(base, &params).pow(&odd_part));
        if *x == one || *x == minus_one {
            continue;
        }
        for _ in 0..twos {
            let square = Zeroizing::new(x.square());
            if *square == one {
                let difference = Zeroizing::new(x.sub(&one).retrieve());
                let p = Zeroizing::new(difference.gcd(n));
                let q = n.checked_div(&p).into_option().map(Zeroizing::new)?;
                return Some((p, q));
            }
            if *square == minus_one {
                break;
            }
            x = square;
        }
    }
    None
}
