//! `keys list`: which key sets there are.

use std::collections::BTreeMap;

use clap::Args;

use super::{At, store::Store};
use crate::failure::Failure;

/// Lists all key sets
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(super) at: At,
}

pub(super) fn run(store: &Store) -> Result<(), Failure> {
    let mut environments = BTreeMap::<_, Vec<String>>::new();
    for (name, environment) in store.sets()? {
        let of_name = environments.entry(name).or_default();
        of_name.push(environment.to_string());
    }
    if environments.is_empty() {
        eprintln!("No keys found.");
    }
    for (name, environments) in environments {
        println!("{name} ({})", environments.join(", "));
    }
    Ok(())
}
