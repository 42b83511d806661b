//! What is secret, in every form that it could be told in, and where it was told.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use serde_json::Value;

use crate::capture::{Channel, Told};

/// How long a piece of a secret is that must not be told, in bytes.
pub(crate) const PIECE: usize = 16;

/// Everything that was secret on the paths so far.
pub(crate) fn secrets() -> MutexGuard<'static, Secrets> {
    static SECRETS: Mutex<Secrets> = Mutex::new(Secrets(Vec::new()));
    SECRETS.lock().unwrap()
}

/// Secrets, and every form that each could be told in.
#[derive(Default)]
pub(crate) struct Secrets(Vec<Secret>);

struct Secret {
    name: String,
    /// Whose business it is, which the stub shows: tests look at the claims of what they have sent.
    is_a_claim: bool,
    forms: BTreeSet<Vec<u8>>,
}

impl Secrets {
    /// A token, an assertion, a password, a file.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.add(name, false, [text.as_bytes().to_vec()]);
    }

    /// What says something of a person.
    pub(crate) fn claim(&mut self, name: &str, text: &str) {
        self.add(name, true, [text.as_bytes().to_vec()]);
    }

    /// The secret numbers of a private key.
    pub(crate) fn key(&mut self, jwk: &Value) {
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            if let Some(number) = jwk[member].as_str() {
                self.number(member, &URL_SAFE_NO_PAD.decode(number).unwrap());
            }
        }
    }

    /// A number of a key: as bytes, as base64url and base64 wherever it begins, twice encoded, in hex, as a list of
    /// decimals and with escapes, as `Debug` would print it.
    pub(crate) fn number(&mut self, name: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let list = format!("{bytes:?}");
        let escaped = format!("{:?}", Bytes::copy_from_slice(bytes));
        let base64url = URL_SAFE_NO_PAD.encode(bytes);
        let mut forms = vec![
            bytes.to_vec(),
            hex.to_uppercase().into(),
            hex.into(),
            list.trim_matches(['[', ']']).into(),
            escaped.trim_start_matches('b').trim_matches('"').into(),
        ];
        for begin in 0..3 {
            forms.push(STANDARD_NO_PAD.encode(&bytes[begin..]).into());
            forms.push(STANDARD_NO_PAD.encode(&base64url[begin..]).into());
        }
        forms.push(base64url.into());
        self.add(&format!("`{name}` of a key"), false, forms);
    }

    fn add(&mut self, name: &str, is_a_claim: bool, forms: impl IntoIterator<Item = Vec<u8>>) {
        let forms: BTreeSet<_> = forms.into_iter().collect();
        assert!(
            forms.iter().all(|form| form.len() >= 8),
            "{name} is hardly a secret"
        );
        if !self.0.iter().any(|secret| secret.forms == forms) {
            let name = name.to_owned();
            self.0.push(Secret {
                name,
                is_a_claim,
                forms,
            });
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Which secret was told where; never the secret itself.
    pub(crate) fn found_in(&self, told: &[Told]) -> BTreeSet<String> {
        let (mut pieces, mut whole) = (HashMap::new(), Vec::new());
        for (at, secret) in self.0.iter().enumerate() {
            for form in &secret.forms {
                // What is shorter must be told whole.
                if form.len() < PIECE {
                    whole.push((form, at));
                }
                for piece in form.windows(PIECE) {
                    pieces.insert(piece, at);
                }
            }
        }
        let mut found = BTreeSet::new();
        for told in told {
            let text = told.text.as_bytes();
            let in_pieces = text.windows(PIECE).filter_map(|window| pieces.get(window));
            let has = |form: &[u8]| text.windows(form.len()).any(|window| window == form);
            let in_whole = whole.iter().filter(|(form, _)| has(form)).map(|(_, at)| at);
            for at in in_pieces.chain(in_whole) {
                let secret = &self.0[*at];
                if !(secret.is_a_claim && told.channel == Channel::Stub) {
                    let Told {
                        path,
                        channel,
                        label,
                        ..
                    } = told;
                    found.insert(format!("{path}: {channel:?} {label}: {}", secret.name));
                }
            }
        }
        found
    }
}
