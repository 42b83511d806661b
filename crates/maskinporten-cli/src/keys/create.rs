//! `keys create`: makes keys.

use std::mem;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use clap::{Args, ValueEnum};
use jiff::{Zoned, civil::date};

use super::{
    At,
    environment::{self, Environments},
    rsa,
    store::Store,
};
use crate::failure::Failure;

/// Makes a new key for each environment, and adds it to its key set
#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    pub(super) at: At,
    /// The name of the key set
    name: String,
    /// TEST or PROD, or both with a comma between them; both when it is not said
    #[arg(
        short,
        long = "environment",
        visible_alias = "env",
        value_name = "ENVIRONMENT"
    )]
    environment: Vec<Environments>,
    /// Bits: 2048, 3072, 4096 or 8192; a number after `-s` is taken for it, as `altinn-jwks` has it
    #[arg(long, default_value_t = 2048)]
    size: u32,
    /// What it signs with
    #[arg(short, long = "algorithm", visible_alias = "alg", value_enum, ignore_case = true, default_value_t = Algorithm::Rs256)]
    algorithm: Algorithm,
    /// What it is for
    #[arg(short, long = "use", value_enum, ignore_case = true, default_value_t = Use::Sig)]
    usage: Use,
    /// The end of the key's id, instead of the time
    #[arg(long)]
    suffix: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Algorithm {
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "RS384")]
    Rs384,
    #[value(name = "RS512")]
    Rs512,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Use {
    Sig,
    Enc,
}

impl Create {
    /// The stores that were asked for. `-s` is the store everywhere, and the size here, as with `altinn-jwks`.
    pub(super) fn store(&mut self) -> Vec<String> {
        let (sizes, stores) = mem::take(&mut self.at.store)
            .into_iter()
            .partition::<Vec<_>, _>(|text| text.parse::<u32>().is_ok());
        if let Some(size) = sizes.last().and_then(|text| text.parse().ok()) {
            self.size = size;
        }
        stores
    }

    pub(super) fn run(self, store: &Store) -> Result<(), Failure> {
        let suffix = self.suffix.clone().unwrap_or_else(|| suffix(&Zoned::now()));
        for environment in environment::chosen(&self.environment) {
            let kid = format!("{}-{environment}.{suffix}", self.name);
            println!("Generating key {kid}");
            let mut key = rsa::generate(self.size)?;
            let algorithm = match self.algorithm {
                Algorithm::Rs256 => "RS256",
                Algorithm::Rs384 => "RS384",
                Algorithm::Rs512 => "RS512",
            };
            key.set("alg", algorithm);
            key.set(
                "use",
                match self.usage {
                    Use::Sig => "sig",
                    Use::Enc => "enc",
                },
            );
            key.set("kid", kid);
            store.change(&self.name, environment, |set| set.add(key.complete()))?;
        }
        Ok(())
    }
}

/// The minutes since 2025 began, on the clock on the wall, in four characters.
pub(super) fn suffix(now: &Zoned) -> String {
    let since = now
        .datetime()
        .duration_since(date(2025, 1, 1).at(0, 0, 0, 0));
    let [_, minutes @ ..] = u32::try_from(since.as_mins()).unwrap_or(0).to_be_bytes();
    BASE64URL.encode(minutes)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn the_suffix_is_the_minutes_since_2025_by_the_local_clock() {
        // 0x04a050 minutes: 210 days, 13 hours and 4 minutes.
        let oslo = TimeZone::fixed(jiff::tz::offset(2));
        let now = date(2025, 7, 30).at(13, 4, 59, 0).to_zoned(oslo).unwrap();
        assert_eq!(suffix(&now), "BKBQ");
    }
}
