//! JSON bodies as ASP.NET reads them: names in any case, unknown members ignored.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{body, refused::Refused};

/// All members of what vendors send, in their proper case.
const NAMES: [&str; 18] = [
    "id",
    "vendor",
    "name",
    "description",
    "rights",
    "accessPackages",
    "clientId",
    "isVisible",
    "allowedRedirectUrls",
    "action",
    "resource",
    "value",
    "urn",
    "externalRef",
    "systemId",
    "partyOrgNo",
    "redirectUrl",
    "integrationTitle",
];

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    let value: Value = body::read(body)?;
    body::convert(proper_case(value))
}

fn proper_case(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(proper_case).collect(),
        Value::Object(members) => {
            let rename = |(name, value): (String, Value)| {
                let mut names = NAMES.iter();
                let known = names.find(|known| known.eq_ignore_ascii_case(&name));
                let name = known.map_or(name, |known| (*known).to_owned());
                (name, proper_case(value))
            };
            members.into_iter().map(rename).collect()
        }
        scalar => scalar,
    }
}
