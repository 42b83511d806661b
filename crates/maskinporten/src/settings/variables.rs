//! Variables: those of a process, and files that stand for them.

use zeroize::Zeroizing;

use super::{
    SettingsError, dotnet,
    given::{Given, Source},
    merged, nais,
};

pub(super) struct Variable {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) value: Zeroizing<String>,
}

impl Variable {
    pub(super) fn given(&self, member: &'static str) -> Given {
        Given::new(member, self.origin.clone(), self.value.clone())
    }
}

/// Reads the variables of NAIS, which belong to the default section, and those of `section`.
pub(super) fn read(variables: &[Variable], section: &str) -> Result<Vec<Source>, SettingsError> {
    let mut sources = Vec::new();
    // What the platform sets comes before what somebody wrote for this program.
    if merged::is_default(section) {
        sources.push(nais::read(variables)?);
    }
    sources.push(dotnet::read(variables, section)?);
    Ok(sources)
}

/// Whether a variable called `name` would be read.
pub(super) fn is_one(name: &str, section: &str) -> bool {
    let of_nais = merged::is_default(section) && nais::member(name).is_some();
    of_nais || dotnet::name_in(section, name).is_some()
}
