//! Which of Maskinporten's environments a key set is for, as `altinn-jwks` names them.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// Part of the name of each key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Environment {
    Test,
    Prod,
}

impl Environment {
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Prod];
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Test => "TEST",
            Self::Prod => "PROD",
        })
    }
}

impl FromStr for Environment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_lowercase().as_str() {
            "test" | "dev" | "development" => Ok(Self::Test),
            "prod" | "production" => Ok(Self::Prod),
            _ => Err(format!("Unknown environment: {text}")),
        }
    }
}

/// One or more, with commas between them.
#[derive(Clone, Debug)]
pub(crate) struct Environments(BTreeSet<Environment>);

impl FromStr for Environments {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// All that were said, TEST first; both when none was.
pub(crate) fn chosen(said: &[Environments]) -> Vec<Environment> {
    let chosen: BTreeSet<_> = said.iter().flat_map(|list| &list.0).copied().collect();
    if chosen.is_empty() {
        return Environment::ALL.to_vec();
    }
    chosen.into_iter().collect()
}
