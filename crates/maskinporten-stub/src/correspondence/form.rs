//! The multipart form of `POST /correspondence/upload`, read as it comes.

use axum::extract::{
    FromRequest, Multipart, Request,
    multipart::{Field, MultipartError},
};
use bytes::Bytes;
use serde_json::Value;

use super::{
    files::File,
    form_keys,
    received::{MAX_KEPT, Received, Receiving},
    validation::Findings,
};

/// ASP.NET's own limit on values.
const MAX_FIELDS: usize = 1024;
/// Of all texts together.
const MAX_TEXT: usize = 4 << 20;
/// More than a correspondence may have, so that it is found to have too many.
const MAX_FILES: usize = 200;
/// The name of all parts that are files.
const FILES: &str = "attachments";

/// A form with files.
#[derive(Debug)]
pub(super) struct Form {
    /// The fields in the shape of a JSON body.
    pub(super) fields: Value,
    pub(super) files: Vec<File>,
}

impl Form {
    pub(super) async fn receive(request: Request) -> Result<Self, Findings> {
        let parts = Multipart::from_request(request, &()).await;
        let mut parts = parts.map_err(|_rejection| unreadable())?;
        let (mut fields, mut files, mut text) = (Vec::new(), Vec::new(), 0_usize);
        // All files of a form share what is kept of all uploads.
        let mut keepable = MAX_KEPT;
        while let Some(mut part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            if let Some(file_name) = part.file_name().map(str::to_owned) {
                let content = file(&mut part, keepable).await.map_err(broken)?;
                if name.eq_ignore_ascii_case(FILES) {
                    let kept = content.bytes.as_ref().map_or(0, Bytes::len);
                    keepable = keepable.saturating_sub(kept);
                    let name = file_name;
                    files.push(File { name, content });
                }
            } else {
                let value = value(&mut part, MAX_TEXT.saturating_sub(text)).await?;
                text = text.saturating_add(name.len()).saturating_add(value.len());
                fields.push((name, value));
            }
            if fields.len() > MAX_FIELDS || files.len() > MAX_FILES {
                return Err(too_large());
            }
        }
        let fields = form_keys::tree(fields)?;
        Ok(Self { fields, files })
    }
}

async fn file(part: &mut Field<'_>, keepable: usize) -> Result<Received, MultipartError> {
    let mut content = Receiving::keeping(keepable);
    while let Some(chunk) = part.chunk().await? {
        content.push(&chunk);
    }
    Ok(content.finish())
}

async fn value(part: &mut Field<'_>, max: usize) -> Result<String, Findings> {
    let mut value = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        if value.len().saturating_add(chunk.len()) > max {
            return Err(too_large());
        }
        value.extend_from_slice(&chunk);
    }
    String::from_utf8(value).map_err(|_error| unreadable())
}

fn broken(_error: MultipartError) -> Findings {
    unreadable()
}

fn unreadable() -> Findings {
    Findings::one("", "The form could not be read.")
}

fn too_large() -> Findings {
    Findings::one("", "The form has too many values, or too large ones.")
}
