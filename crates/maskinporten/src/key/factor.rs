//! The rest of an RSA private key from `n`, `e` and `d`: NIST SP 800-56B rev. 2, appendix C.1.

use crypto_bigint::{
    BoxedUint, CheckedSub, ConcatenatingMul, Gcd, NonZero, Odd, Resize,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use zeroize::Zeroizing;

/// The bases that are tried; each fails with probability at most one half. They are primes: of most keys, a product of
/// bases that have failed fails too.
const BASES: [u64; 18] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61,
];

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

    for base in BASES {
        let base = BoxedUint::from(base).resize(n.bits_precision());
        let x = BoxedMontyForm::new(base, &params).pow(&odd_part);
        match root(Zeroizing::new(x), twos, &params) {
            Root::Other(x) => {
                let difference = Zeroizing::new(x.sub(&BoxedMontyForm::one(&params)).retrieve());
                let p = Zeroizing::new(difference.gcd(n));
                let q = n.checked_div(&p).into_option().map(Zeroizing::new)?;
                return Some((p, q));
            }
            Root::PlusOrMinusOne => {}
            Root::Never => return None,
        }
    }
    None
}

/// What squaring a number again and again leads to.
#[derive(Debug, PartialEq)]
enum Root {
    /// To 1, by way of −1 or at once, which says nothing.
    PlusOrMinusOne,
    /// To 1, by way of this.
    Other(Zeroizing<BoxedMontyForm>),
    /// Never to 1: the exponent is no multiple of the order, so no other base is worth its while.
    Never,
}

/// Looks for a square root of 1 among what `x` is when squared up to `twos` times.
fn root(mut x: Zeroizing<BoxedMontyForm>, twos: u32, params: &BoxedMontyParams) -> Root {
    let one = BoxedMontyForm::one(params);
    let minus_one = one.neg();
    if *x == one || *x == minus_one {
        return Root::PlusOrMinusOne;
    }
    for _ in 0..twos {
        let square = Zeroizing::new(x.square());
        if *square == one {
            return Root::Other(x);
        }
        if *square == minus_one {
            return Root::PlusOrMinusOne;
        }
        x = square;
    }
    Root::Never
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What base 2 leads to with `n` = 77 and this exponent, divided by two as often as can be.
    fn lead(odd_part: u64, twos: u32) -> Root {
        let n = BoxedUint::from(77_u64);
        let params = BoxedMontyParams::new(Odd::new(n).into_option().unwrap());
        let base = BoxedMontyForm::new(BoxedUint::from(2_u64), &params);
        let x = base.pow(&BoxedUint::from(odd_part));
        root(Zeroizing::new(x), twos, &params)
    }

    #[test]
    fn numbers_of_different_keys_are_found_out_with_the_first_base() {
        // 2 has the order 30 modulo 77. 15 · 2 is a multiple of it: 2¹⁵ is 43, and 43² is 1.
        assert!(matches!(lead(15, 1), Root::Other(_)));
        assert_eq!(lead(30, 1), Root::PlusOrMinusOne);
        // Nobody's exponents.
        assert_eq!(lead(7, 3), Root::Never);
        assert_eq!(lead(13, 0), Root::Never);
    }
}
