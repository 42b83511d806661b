//! A JWK as a document: all of its members, written as `altinn-jwks` writes them.

use std::{collections::BTreeMap, io};

use serde::{Deserialize, Serialize};
use serde_json::{
    Serializer, Value,
    ser::{CharEscape, Formatter},
};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Those of RFC 7518, section 6.3.2.
const PRIVATE: [&str; 6] = ["d", "dp", "dq", "p", "q", "qi"];
/// `altinn-jwks` writes them even when they are empty.
const LISTS: [&str; 3] = ["key_ops", "oth", "x5c"];
/// As many bytes as a key of 8192 bits takes, twice: a buffer that grows leaves copies behind.
const ROOM: usize = 16 << 10;

/// The members of a key, in the order of their names, which is the order that they are written in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Jwk(BTreeMap<String, Member>);

#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
enum Member {
    Text(Zeroizing<String>),
    Other(Value),
}

/// It may be the private exponent.
impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl Jwk {
    pub(crate) fn set(&mut self, name: &str, text: impl Into<String>) {
        let text = Zeroizing::new(text.into());
        self.0.insert(name.to_owned(), Member::Text(text));
    }

    pub(crate) fn set_list(&mut self, name: &str, texts: Vec<String>) {
        self.0.insert(name.to_owned(), Member::Other(texts.into()));
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Member::Text(text) => Some(text),
            Member::Other(_) => None,
        }
    }

    /// The texts of a list; none when there is no such list.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Member::Other(Value::Array(list))) => {
                list.iter().filter_map(Value::as_str).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    pub(crate) fn is_private(&self) -> bool {
        self.0.contains_key("d")
    }

    /// Without what only its owner may know.
    pub(crate) fn public(&self) -> Result<Self, Failure> {
        if self.text("kty") != Some("RSA") {
            return Err(Failure::new("Only RSA keys can be exported."));
        }
        let mut public = self.clone();
        public.0.retain(|name, _| !PRIVATE.contains(&name.as_str()));
        Ok(public)
    }

    /// What Maskinporten takes: the public key, without lists that are empty.
    pub(crate) fn registered(&self) -> Result<Self, Failure> {
        let mut public = self.public()?;
        public.0.retain(|_, member| match member {
            Member::Text(_) => true,
            Member::Other(Value::Array(list)) => !list.is_empty(),
            Member::Other(value) => !value.is_null(),
        });
        Ok(public)
    }

    /// As `altinn-jwks` has it: without nulls, and with three lists whether they are empty or not.
    pub(crate) fn complete(mut self) -> Self {
        self.0
            .retain(|_, member| !matches!(member, Member::Other(Value::Null)));
        for name in LISTS {
            let empty = || Member::Other(Value::Array(Vec::new()));
            self.0.entry(name.to_owned()).or_insert_with(empty);
        }
        self
    }
}

/// JSON on one line, with the escapes of .NET's `System.Text.Json`.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut json = Zeroizing::new(Vec::with_capacity(ROOM));
    value.serialize(&mut Serializer::with_formatter(&mut *json, DotNet))?;
    Ok(json)
}

/// Everything is escaped that could mean something in HTML, and everything beyond ASCII.
struct DotNet;

impl Formatter for DotNet {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for char in fragment.chars() {
            if matches!(char, ' '..='~') && !"&'+<>`".contains(char) {
                write!(writer, "{char}")?;
                continue;
            }
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04X}")?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\u0022"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04X}"),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
        }
    }
}
