//! What errors and events tell, and what they must not.

use std::{
    cell::RefCell,
    error::Error,
    fmt::{Debug, Write},
};

use maskinporten::{ClientKey, Signer};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// The longest text that is told, in characters.
const BOUND: usize = 4096;
/// A secret is looked for in pieces of this length, so that parts of it are found too.
const PIECE: usize = 12;

/// Texts that somebody may read: in a log, most likely.
#[derive(Default)]
pub struct Told {
    texts: Vec<String>,
    /// What the input has in it by itself is no secret: the fuzzer learns from comparisons, those with secrets too.
    input: String,
}

impl Told {
    /// What was told by events since the last time.
    #[must_use]
    pub fn by_events() -> Self {
        Self {
            texts: EVENTS.take(),
            input: String::new(),
        }
    }

    /// Takes what is in the input, before its gaps are filled, for no secret.
    #[must_use]
    pub fn about(mut self, input: &[u8]) -> Self {
        self.input = String::from_utf8_lossy(input).into_owned();
        self
    }

    /// Adds all that an error says of itself.
    #[must_use]
    pub fn and_error(mut self, error: &(dyn Error + 'static)) -> Self {
        self.texts.push(format!("{error:?}"));
        let chain = std::iter::successors(Some(error), |error| (*error).source());
        self.texts.extend(chain.map(ToString::to_string));
        self
    }

    /// Adds what the debugger is shown.
    #[must_use]
    pub fn and_debug(mut self, shown: &dyn Debug) -> Self {
        self.texts.push(format!("{shown:?}"));
        self
    }

    /// Adds what the debugger is shown of a key, unless its name is so long that the input may have put anything there.
    #[must_use]
    pub fn and_key(self, key: &ClientKey) -> Self {
        match key.kid() {
            Some(name) if name.len() >= PIECE => self,
            _ => self.and_debug(key),
        }
    }

    /// Adds what was told by events since.
    #[must_use]
    pub fn and_events(mut self) -> Self {
        self.texts.append(&mut EVENTS.take());
        self
    }

    /// Leaves out the names of what is no setting, which are told so that misspellings are found.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.texts
            .retain(|text| !text.ends_with("is no setting: is it misspelt?"));
        for text in &mut self.texts {
            if let Some(at) = text.find("not known, perhaps misspelt: ") {
                text.truncate(at);
            }
        }
        self
    }

    /// No text is too long for a log, or forges lines of it.
    ///
    /// # Panics
    ///
    /// When one is or does.
    pub fn is_decent(&self) -> &Self {
        for text in &self.texts {
            let length = text.chars().count();
            assert!(length <= BOUND, "{length} characters: {:.200}…", text);
            assert!(
                !text.chars().any(char::is_control),
                "control characters: {text:?}"
            );
        }
        self
    }

    /// Nothing of `secret` is in the texts.
    ///
    /// # Panics
    ///
    /// When a piece of it is.
    pub fn hides(&self, secret: &str) -> &Self {
        for piece in secret.as_bytes().chunks_exact(PIECE) {
            let piece = std::str::from_utf8(piece).unwrap_or("\0");
            if self.input.contains(piece) {
                continue;
            }
            for text in &self.texts {
                assert!(
                    !text.contains(piece),
                    "part of a secret, {piece}, is told: {text}"
                );
            }
        }
        self
    }
}

thread_local! {
    static EVENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Listens to events. To be called once, first of all.
///
/// # Panics
///
/// When it is called twice.
pub fn listen() {
    tracing::subscriber::set_global_default(Listener).unwrap();
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().contains("maskinporten")
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields);
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut Fields);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Fields;

impl Visit for Fields {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        EVENTS.with_borrow_mut(|events| events.push(text));
    }

    /// As it is: not every subscriber escapes it.
    fn record_str(&mut self, _: &Field, value: &str) {
        EVENTS.with_borrow_mut(|events| events.push(value.to_owned()));
    }

    fn record_error(&mut self, _: &Field, value: &(dyn Error + 'static)) {
        let texts = Told::default().and_error(value).texts;
        EVENTS.with_borrow_mut(|events| events.extend(texts));
    }
}
