//! What all sources say together.

use super::{
    DEFAULT_SECTION, SettingsError, app, dotnet,
    given::{Given, Source},
    key,
};

/// The members of every source, each once: later sources override earlier ones, except in who the client is.
pub(super) struct Merged {
    section: String,
    pub(super) given: Vec<Given>,
    pub(super) unknown: Vec<String>,
    sources: usize,
}

impl Merged {
    pub(super) fn new(section: &str) -> Self {
        Self {
            section: section.to_owned(),
            given: Vec::new(),
            unknown: Vec::new(),
            sources: 0,
        }
    }

    /// Puts `source` over what is there.
    ///
    /// # Errors
    ///
    /// When it has several private keys, or when it says of the client what an earlier source says otherwise: taken
    /// together they would be credentials that belong to neither client (altinn-studio#19890).
    pub(super) fn add(&mut self, source: Source) -> Result<(), SettingsError> {
        key::check_single(&source.given)?;
        self.sources += 1;
        self.given
            .retain(|held| is_identity(held) || !source.blank.contains(&held.member));
        for mut given in source.given {
            given.source = self.sources;
            match self.given.iter_mut().find(|held| is_same(held, &given)) {
                None => self.given.push(given),
                Some(held) if is_identity(&given) && !says_the_same(held, &given) => {
                    return Err(SettingsError::differ(held, &given, "different clients"));
                }
                Some(held) => *held = given,
            }
        }
        self.unknown.extend(source.unknown);
        Ok(())
    }

    pub(super) fn get(&self, member: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.member == member)
    }

    /// The member, or else the error that says which names it was looked for by.
    pub(super) fn need(
        &self,
        what: &str,
        member: &str,
        variable: &str,
    ) -> Result<&Given, SettingsError> {
        self.get(member)
            .ok_or_else(|| self.missing(what, &[member], &[variable]))
    }

    /// Whether a boolean is set and true; .NET reads `True` and `"true"` alike.
    pub(super) fn flag(&self, member: &str) -> Result<bool, SettingsError> {
        match self.get(member) {
            None => Ok(false),
            Some(given) if given.text().eq_ignore_ascii_case("true") => Ok(true),
            Some(given) if given.text().eq_ignore_ascii_case("false") => Ok(false),
            Some(given) => Err(SettingsError::invalid(
                given,
                "it is neither true nor false",
            )),
        }
    }

    /// Says that there is no `what`, and every name that it was looked for by.
    pub(super) fn missing(
        &self,
        what: &str,
        members: &[&str],
        nais_variables: &[&str],
    ) -> SettingsError {
        let section = &self.section;
        let mut names: Vec<String> = members
            .iter()
            .map(|member| format!("`{section}:{member}`"))
            .collect();
        if is_default(section) {
            names.extend(nais_variables.iter().map(|name| format!("`{name}`")));
        }
        let mut text = format!(
            "there is no {what}: looked for {} (in variables, `__` stands for `:`)",
            names.join(", ")
        );
        if !self.unknown.is_empty() {
            text.push_str("; not known, perhaps misspelt: ");
            text.push_str(&self.unknown.join(", "));
        }
        SettingsError::new(text)
    }
}

pub(super) fn is_default(section: &str) -> bool {
    section.eq_ignore_ascii_case(DEFAULT_SECTION)
}

/// Whether both are the same member; all forms of the private key are.
fn is_same(one: &Given, other: &Given) -> bool {
    one.member == other.member || (key::is_key(one.member) && key::is_key(other.member))
}

fn is_identity(given: &Given) -> bool {
    matches!(given.member, dotnet::CLIENT_ID | dotnet::KID | app::JWKS) || key::is_key(given.member)
}

/// Compares without white space: where its lines are broken means nothing in a key.
fn says_the_same(one: &Given, other: &Given) -> bool {
    let one = one.text().split_whitespace().flat_map(str::bytes);
    one.eq(other.text().split_whitespace().flat_map(str::bytes))
}

#[cfg(test)]
impl Merged {
    /// One source, of members as they are called here.
    pub(super) fn of(members: &[(&'static str, &str)]) -> Self {
        let mut merged = Self::new(DEFAULT_SECTION);
        merged.add(tests::source("test", members)).unwrap();
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{app, nais};

    pub(super) fn source(origin: &str, members: &[(&'static str, &str)]) -> Source {
        let mut source = Source::default();
        for (member, value) in members {
            let value = (*value).to_owned().into();
            source
                .add(Given::new(member, origin.to_owned(), value))
                .unwrap();
        }
        source
    }

    /// The error of putting `second` over `first`, if there is one.
    fn refusal(first: &[(&'static str, &str)], second: &[(&'static str, &str)]) -> Option<String> {
        let mut merged = Merged::of(&[]);
        merged.add(source("first", first)).unwrap();
        let refused = merged.add(source("second", second)).err()?;
        Some(refused.to_string())
    }

    #[test]
    fn sources_of_different_clients_are_refused_not_merged() {
        let first = [
            (dotnet::CLIENT_ID, "canary-1"),
            (dotnet::KID, "canary-1"),
            (dotnet::ENCODED_JWK, "canary-1"),
        ];
        for (second, held) in [
            (dotnet::CLIENT_ID, dotnet::CLIENT_ID),
            (dotnet::KID, dotnet::KID),
            (dotnet::ENCODED_JWK, dotnet::ENCODED_JWK),
            (app::JWK, dotnet::ENCODED_JWK),
            (app::JWK_BASE64, dotnet::ENCODED_JWK),
            (nais::CLIENT_JWK, dotnet::ENCODED_JWK),
            (dotnet::ENCODED_X509, dotnet::ENCODED_JWK),
            (dotnet::PKCS12_PATH, dotnet::ENCODED_JWK),
            (dotnet::STORE_THUMBPRINT, dotnet::ENCODED_JWK),
        ] {
            let error = refusal(&first, &[(second, "canary-2")]).unwrap();
            assert!(error.contains(&format!("`{held}` (first)")), "{error}");
            assert!(error.contains(&format!("`{second}` (second)")), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn sources_that_agree_or_add_to_each_other_are_merged() {
        let first = [(dotnet::CLIENT_ID, "id"), (dotnet::ENCODED_JWK, "ab cd")];
        for second in [
            [(dotnet::CLIENT_ID, "id"), (dotnet::SCOPE, "a:one")],
            [(dotnet::KID, "kid"), (dotnet::SCOPE, "a:one")],
            // The same, broken into lines elsewhere, and under another name.
            [(nais::CLIENT_JWK, "a\r\nbcd\n"), (dotnet::RESOURCE, "r")],
        ] {
            assert_eq!(refusal(&first, &second), None);
        }
    }

    #[test]
    fn a_later_source_overrides_what_is_not_the_client() {
        let mut merged = Merged::of(&[(dotnet::SCOPE, "a:one"), (dotnet::RESOURCE, "r")]);
        let later = source(
            "later",
            &[(dotnet::SCOPE, "b:two"), (dotnet::RESOURCE, " ")],
        );
        merged.add(later).unwrap();
        let scope = merged.get(dotnet::SCOPE).unwrap();
        assert_eq!((scope.text(), &*scope.origin), ("b:two", "later"));
        // Blank is not set, whatever was set before.
        assert!(merged.get(dotnet::RESOURCE).is_none());
        // But who the client is, is not blanked out.
        let mut merged = Merged::of(&[(dotnet::CLIENT_ID, "id")]);
        merged
            .add(source("later", &[(dotnet::CLIENT_ID, "")]))
            .unwrap();
        assert_eq!(merged.get(dotnet::CLIENT_ID).unwrap().text(), "id");
    }

    #[test]
    fn one_source_gives_at_most_one_key() {
        for other in [app::JWK, app::JWK_BASE64, dotnet::PKCS12_PATH] {
            let both = [(dotnet::ENCODED_JWK, "same"), (other, "same")];
            let error = refusal(&[], &both).unwrap();
            assert!(error.contains(dotnet::ENCODED_JWK), "{error}");
            assert!(error.contains(other), "{error}");
        }
    }

    #[test]
    fn booleans_are_those_of_dotnet() {
        for (said, meant) in [
            ("true", Some(true)),
            ("True", Some(true)),
            ("false", Some(false)),
            ("FALSE", Some(false)),
            (" ", Some(false)),
            ("yes", None),
            ("1", None),
        ] {
            let merged = Merged::of(&[(dotnet::EXCHANGE, said)]);
            assert_eq!(merged.flag(dotnet::EXCHANGE).ok(), meant, "{said}");
        }
        assert!(!Merged::of(&[]).flag(dotnet::EXCHANGE).unwrap());
    }
}
