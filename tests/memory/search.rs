//! Looks for secrets in the memory of this process without holding them: they are kept masked, and only compared.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::FileExt,
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use zeroize::Zeroize;

/// How long a piece of a secret is, in bytes.
const PIECE: usize = size_of::<u128>();
/// How much memory is looked at in one go, in bytes.
const CHUNK: usize = 64 * 1024;
const ZEROS: [u8; 256] = [0; 256];

/// How many pieces were found, by the number and the form that they are of.
pub(crate) type Found = BTreeMap<String, usize>;

/// What was seen.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) found: Found,
    /// What is on the stack of this thread, but below what is in use: calls that have returned left it there, and the
    /// next ones write over it.
    pub(crate) dead_stack: Found,
    /// How much that was, in bytes.
    pub(crate) looked_at: usize,
}

/// Everything that a number would be in memory as, in pieces, by the names of its forms.
///
/// aws-lc has its own form: limbs of 64 bits, the least significant first, which on little-endian machines is all bytes
/// in reverse. The base64 of something longer that the number is in depends on where it begins.
pub(crate) fn masked(numbers: &[(&'static str, Vec<u8>)]) -> Value {
    let mut forms = BTreeMap::<_, Vec<_>>::new();
    for (number, bytes) in numbers {
        let mut add = |form: &str, text: &[u8]| {
            let pieces = forms.entry(format!("{number} as {form}")).or_default();
            for piece in text.chunks_exact(PIECE) {
                let mut mask = [0; PIECE];
                getrandom::fill(&mut mask).unwrap();
                let mask = u128::from_be_bytes(mask);
                let masked = u128::from_be_bytes(piece.try_into().unwrap()) ^ mask;
                pieces.push(json!([mask.to_string(), masked.to_string()]));
            }
        };
        let reversed: Vec<_> = bytes.iter().rev().copied().collect();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let base64url = URL_SAFE_NO_PAD.encode(bytes);
        add("bytes", bytes);
        add("limbs", &reversed);
        add("hex", hex.as_bytes());
        add("hex", hex.to_uppercase().as_bytes());
        add("base64url", base64url.as_bytes());
        for begin in 0..3 {
            add("base64", STANDARD_NO_PAD.encode(&bytes[begin..]).as_bytes());
            let twice = STANDARD_NO_PAD.encode(&base64url[begin..]);
            add("base64 of base64url", twice.as_bytes());
        }
    }
    json!(forms)
}

struct Masked {
    form: usize,
    mask: u128,
    masked: u128,
}

pub(crate) struct Search {
    forms: Vec<String>,
    /// Sorted by their first two bytes.
    pieces: Vec<Masked>,
    /// The first piece that begins with these two bytes or with later ones.
    beginnings: Vec<u16>,
}

impl Search {
    /// Reads what [`masked`] has made.
    pub(crate) fn read(masked: &Value) -> Self {
        let (mut forms, mut pieces) = (Vec::new(), Vec::new());
        for (name, list) in masked.as_object().unwrap() {
            for piece in list.as_array().unwrap() {
                let number = |at: usize| piece[at].as_str().unwrap().parse().unwrap();
                pieces.push(Masked {
                    form: forms.len(),
                    mask: number(0),
                    masked: number(1),
                });
            }
            forms.push(name.clone());
        }
        pieces.sort_by_key(Masked::beginning);
        let beginnings = (0..=u32::from(u16::MAX) + 1).map(|beginning| {
            let first = pieces.partition_point(|piece| u32::from(piece.beginning()) < beginning);
            u16::try_from(first).unwrap()
        });
        Self {
            beginnings: beginnings.collect(),
            forms,
            pieces,
        }
    }

    /// Every piece itself, one after the other: what a search must find.
    pub(crate) fn unmasked(&self) -> Vec<u8> {
        let pieces = self.pieces.iter();
        let pieces = pieces.flat_map(|piece| (piece.mask ^ piece.masked).to_be_bytes());
        pieces.collect()
    }

    /// Of which forms not all pieces were found.
    pub(crate) fn missed(&self, found: &Found) -> Vec<&str> {
        let forms = self.forms.iter().enumerate();
        let missed = forms.filter(|(at, form)| {
            let pieces = self.pieces.iter().filter(|piece| piece.form == *at);
            found.get(*form).copied().unwrap_or_default() < pieces.count()
        });
        missed.map(|(_, form)| form.as_str()).collect()
    }

    /// Looks at all memory that can be written to: heap, stacks, statics.
    pub(crate) fn look(&self) -> Look {
        let mut look = Look::default();
        // Where this thread's stack is in use down to, or a bit less.
        let frame = (&raw const look).addr();
        let memory = File::open("/proc/self/mem").unwrap();
        let mut chunk = vec![0; CHUNK];
        let own = chunk.as_ptr() as usize;
        let maps = writable().into_iter().flat_map(|(begin, end)| {
            let frame = frame.clamp(begin, end);
            // The stack grows downwards.
            [(begin, frame, frame < end), (frame, end, false)]
        });
        for (begin, end, is_dead) in maps {
            let found = if is_dead {
                &mut look.dead_stack
            } else {
                &mut look.found
            };
            let mut at = begin;
            while at + PIECE <= end {
                let length = CHUNK.min(end - at);
                let seen = &mut chunk[..length];
                // Maps that are there and cannot be read are the kernel's.
                if memory.read_exact_at(seen, at as u64).is_err() {
                    break;
                }
                look.looked_at += length;
                // What is seen of the buffer itself is what was looked at just before.
                let [from, to] = [own, own + CHUNK].map(|edge| edge.clamp(at, at + length) - at);
                seen[from..to].fill(0);
                self.compare(seen, found);
                if length < CHUNK {
                    break;
                }
                // A piece may lie across the end of the chunk.
                at += CHUNK - (PIECE - 1);
            }
        }
        chunk.zeroize();
        look
    }

    fn compare(&self, seen: &[u8], found: &mut Found) {
        let mut at = 0;
        while at + PIECE <= seen.len() {
            // Most of memory is empty.
            if seen[at..].starts_with(&ZEROS) {
                at += ZEROS.len() - (PIECE - 1);
                continue;
            }
            let run = (at + ZEROS.len()).min(seen.len() - (PIECE - 1));
            for at in at..run {
                let beginning = usize::from(u16::from_be_bytes([seen[at], seen[at + 1]]));
                let (first, next) = (self.beginnings[beginning], self.beginnings[beginning + 1]);
                if first < next {
                    let candidates = &self.pieces[usize::from(first)..usize::from(next)];
                    self.count(candidates, &seen[at..at + PIECE], found);
                }
            }
            at = run;
        }
    }

    fn count(&self, candidates: &[Masked], seen: &[u8], found: &mut Found) {
        let mut bytes = [0; PIECE];
        bytes.copy_from_slice(seen);
        let mut here = u128::from_be_bytes(bytes);
        for piece in candidates {
            if here ^ piece.mask == piece.masked {
                *found.entry(self.forms[piece.form].clone()).or_default() += 1;
            }
        }
        bytes.zeroize();
        here.zeroize();
    }
}

impl Masked {
    fn beginning(&self) -> u16 {
        let first_two = |number: u128| (number >> 112) as u16;
        first_two(self.mask) ^ first_two(self.masked)
    }
}

/// The addresses that this process may write to.
fn writable() -> Vec<(usize, usize)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let maps = maps.lines().filter_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (begin, end) = range.split_once('-')?;
        let address = |hex| usize::from_str_radix(hex, 16).ok();
        rest.starts_with("rw").then_some(())?;
        Some((address(begin)?, address(end)?))
    });
    maps.collect()
}
