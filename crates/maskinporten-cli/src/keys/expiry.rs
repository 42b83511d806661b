//! `keys expiry`: how long keys last. Maskinporten forgets each a year after it was uploaded.

use std::time::SystemTime;

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use maskinporten::{ClientKey, KeyRing};

use super::{
    At,
    environment::{self, Environments},
    jwk::to_json,
    store::Store,
};
use crate::failure::Failure;

/// Says when keys end, as far as their names tell when they were made
#[derive(Debug, Args)]
pub(crate) struct Expiry {
    #[command(flatten)]
    pub(super) at: At,
    /// The name of the key set; all of them when it is not said
    name: Option<String>,
    /// TEST or PROD, or both with a comma between them; both when it is not said
    #[arg(
        short,
        long = "environment",
        visible_alias = "env",
        value_name = "ENVIRONMENT"
    )]
    environment: Vec<Environments>,
    /// Fails when a current key ends within so many days
    #[arg(long, value_name = "DAYS")]
    within: Option<i64>,
}

impl Expiry {
    pub(super) fn run(self, store: &Store) -> Result<(), Failure> {
        let environments = environment::chosen(&self.environment);
        let now = SystemTime::now();
        let mut ending = Vec::new();
        for (name, environment) in store.sets()? {
            let is_wanted = self.name.as_ref().is_none_or(|wanted| *wanted == name);
            if !is_wanted || !environments.contains(&environment) {
                continue;
            }
            let set = store.read(&name, environment)?;
            for (place, key) in set.keys.iter().enumerate().rev() {
                let is_current = place + 1 == set.keys.len();
                let json = to_json(key)?;
                let kid = key.kid().unwrap_or("(no kid)");
                let status = match ClientKey::from_jwk(str::from_utf8(&json)?) {
                    Ok(key) => KeyRing::new(key).status(),
                    Err(error) => {
                        println!("{kid}: cannot be used: {error}");
                        continue;
                    }
                };
                let mark = if is_current { ", current" } else { "" };
                match (status.days_left(now), status.expires_at()) {
                    (Some(days), Some(end)) => {
                        println!("{kid}{mark}: ends {}, in {days} days", local_date(end));
                        if is_current && self.within.is_some_and(|within| days <= within) {
                            ending.push(kid.to_owned());
                        }
                    }
                    _ => println!("{kid}{mark}: its name does not say when it was made"),
                }
            }
        }
        if ending.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!("Replace soon: {}", ending.join(", "))))
    }
}

/// `2026-07-01`, where the program runs.
fn local_date(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::MAX);
    time.to_zoned(TimeZone::system()).date().to_string()
}
