//! `keys add` and `keys remove`: which of a client's keys Maskinporten knows.

use clap::Args;
use serde_json::Value;

use super::{At, environment::Environment, jwk::to_json, store::Store};
use crate::{
    failure::Failure,
    self_service::{MOST_KEYS, SelfService},
};

/// Registers the current key of a set on a client, beside those that are there
#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    pub(super) at: At,
    /// The name of the key set
    name: String,
    /// TEST or PROD
    #[arg(long = "set-environment", visible_alias = "env", value_name = "ENVIRONMENT", default_value_t = Environment::Test)]
    set: Environment,
    /// The client's id
    #[arg(long, value_name = "ID")]
    client: String,
    #[command(flatten)]
    api: SelfService,
}

/// Takes a key away from a client. Whoever signs with it is refused from then on
#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(super) at: At,
    /// The id of the key
    #[arg(value_name = "KID")]
    key_id: String,
    /// The client's id
    #[arg(long, value_name = "ID")]
    client: String,
    /// Does it; else it is only said what would be done
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    api: SelfService,
}

impl Add {
    pub(super) async fn run(self, store: &Store) -> Result<(), Failure> {
        let set = store.read(&self.name, self.set)?;
        let key = set.current(&self.name)?;
        let kid = key.kid().unwrap_or_default();
        let api = self.api.connect().await?;
        let mut keys = api.keys(&self.client).await?;
        if keys.iter().any(|key| key["kid"] == kid) {
            println!("{kid} is registered already");
            return Ok(());
        }
        if keys.len() >= MOST_KEYS {
            return Err(Failure::new(format!(
                "The client has {} keys already, and no more are taken: {}.",
                keys.len(),
                kids(&keys).join(", ")
            )));
        }
        let json = to_json(&key.registered()?)?;
        keys.push(serde_json::from_slice(&json)?);
        api.set_keys(&self.client, &keys).await?;
        println!("Registered {kid}; Maskinporten knows it in two minutes at most");
        Ok(())
    }
}

impl Remove {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let api = self.api.connect().await?;
        let mut keys = api.keys(&self.client).await?;
        let before = keys.len();
        keys.retain(|key| key["kid"] != self.key_id.as_str());
        if keys.len() == before {
            return Err(Failure::new(format!("{} is not registered.", self.key_id)));
        }
        if !self.yes {
            println!(
                "These would stay: {}. Say --yes to do it.",
                kids(&keys).join(", ")
            );
            return Ok(());
        }
        api.set_keys(&self.client, &keys).await?;
        println!("Took {} away", self.key_id);
        Ok(())
    }
}

fn kids(keys: &[Value]) -> Vec<&str> {
    keys.iter().filter_map(|key| key["kid"].as_str()).collect()
}
