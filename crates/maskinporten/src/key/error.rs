//! Why a key was refused.

use std::{borrow::Cow, error, fmt, path::Path};

/// Why a [`ClientKey`](crate::ClientKey) could not be read: what is wrong, and where. It never holds any of the key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyError {
    reason: Cow<'static, str>,
}

impl KeyError {
    pub(crate) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason: reason.into(),
        }
    }

    pub(crate) fn size(bits: usize) -> Self {
        Self::new(format!(
            "it has {bits} bits; Maskinporten's keys have 2048 or more, and 8192 is the most that is accepted"
        ))
    }

    /// A file with a password that says itself how much work it is to open.
    #[cfg(feature = "certificates")]
    pub(crate) fn too_much_work() -> Self {
        Self::new("it takes too much work to decrypt: encrypt it anew, with fewer rounds")
    }

    /// A file that cannot be read.
    pub(crate) fn file(path: &Path, reason: &dyn fmt::Display) -> Self {
        Self::new(format!("{} cannot be read: {reason}", path.display()))
    }

    /// The same, with the file that the key is from.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self::new(format!("{}: {}", path.display(), self.reason))
    }

    /// Where JSON stops making sense. The parser's own text may quote what it read, so it is not used.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        let trouble = match error.classify() {
            serde_json::error::Category::Data => "a member is of the wrong type, or is there twice",
            serde_json::error::Category::Eof => "it ends too early",
            _ => "it is not JSON",
        };
        Self::new(format!(
            "the JWK cannot be parsed: {trouble} (line {}, column {})",
            error.line(),
            error.column()
        ))
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the private key is not usable: {}", self.reason)
    }
}

impl error::Error for KeyError {}
