//! Long lists in pages, each with a link to the next.

use axum::Json;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

const PAGE_SIZE: usize = 50;

/// One page, as Altinn writes it.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    links: Links,
    data: Vec<T>,
}

#[derive(Debug, Serialize)]
struct Links {
    next: Option<String>,
}

/// Where a page begins: the sequence number of its first item, which nobody outside may know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start(u64);

impl Start {
    /// Reads the `token` of a query. Nothing when it is not one of ours.
    pub(super) fn read(query: Option<&str>) -> Option<Self> {
        let mut parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let Some((_name, token)) = parameters.find(|(name, _value)| name == "token") else {
            return Some(Self(0));
        };
        let bytes = URL_SAFE_NO_PAD.decode(token.as_bytes()).ok()?;
        Some(Self(u64::from_be_bytes(bytes.try_into().ok()?)))
    }
}

/// Takes the page that begins at `start` out of items with their sequence numbers, in their order.
/// `url` is that of the list of all systems' items.
pub(super) fn page<T: Serialize>(
    items: impl Iterator<Item = (u64, T)>,
    start: Start,
    url: &str,
    system: &str,
) -> Json<Page<T>> {
    let mut items = items.filter(|(sequence, _item)| *sequence >= start.0);
    // `by_ref`, so that the item after the page is still there to be asked for.
    let data: Vec<T> = items
        .by_ref()
        .take(PAGE_SIZE)
        .map(|(_sequence, item)| item)
        .collect();
    let next = items.next().map(|(sequence, _item)| {
        let token = URL_SAFE_NO_PAD.encode(sequence.to_be_bytes());
        // A system's id may have any characters but spaces.
        let system: String = form_urlencoded::byte_serialize(system.as_bytes()).collect();
        format!("{url}/{system}?token={token}")
    });
    Json(Page {
        links: Links { next },
        data,
    })
}
