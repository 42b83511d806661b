//! `keys rotate`: another key for a client, while its services go on.
//!
//! The key is made and kept, registered beside the others, tried until Maskinporten knows it, handed to whoever signs
//! with it, and, when nobody uses the one before any more, that is taken away. What has been done is written down
//! before the next step begins: whatever ends the program, the next run goes on from there, or takes it all back.

mod journal;
mod registered;
mod trial;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{ToSpan, Zoned};
use serde_json::Value;
use tokio::time::sleep;

use self::journal::{Journal, Rotation, Step};
use super::{
    At, create,
    environment::Environment,
    jwk::to_json,
    rsa,
    store::{self, Store},
};
use crate::{
    failure::Failure,
    self_service::{Api, SelfService},
};

/// Replaces a client's key, while its services go on
///
/// Run it again when it was interrupted: it goes on where it was. Until it has ended, --rollback takes everything back.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    pub(super) at: At,
    /// The name of the key set
    name: String,
    /// TEST or PROD
    #[arg(short = 'e', long = "set-environment", visible_alias = "env", value_name = "ENVIRONMENT", default_value_t = Environment::Test)]
    set: Environment,
    /// The id of the client whose key it is
    #[arg(long, value_name = "ID")]
    client: String,
    /// A file to write the new key to, as a JWK, for a service that reads it
    #[arg(long, value_name = "FILE")]
    hand_to: Option<PathBuf>,
    /// How long the key before stays registered after the new one was handed over, in seconds: at least as long as
    /// services take to read the new one, and tokens live
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    drain: u64,
    /// How often the new key is tried
    #[arg(long, default_value_t = 20)]
    attempts: u32,
    /// How long to wait between two attempts, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    delay: u64,
    /// A registered key to take away; repeat it for several. Else just the one before
    #[arg(long, value_name = "KID")]
    prune: Vec<String>,
    /// Bits of the new key
    #[arg(long, default_value_t = 2048)]
    size: u32,
    /// Says what would be done, and does nothing
    #[arg(long, conflicts_with = "rollback")]
    dry_run: bool,
    /// Takes back what an interrupted run has done
    #[arg(long)]
    rollback: bool,
    #[command(flatten)]
    api: SelfService,
}

impl Rotate {
    pub(super) async fn run(self, store: &Store) -> Result<(), Failure> {
        let journal = Journal::open(store, &self.client)?;
        let begun = journal.read()?;
        if let Some(Rotation { set, .. }) = begun.as_ref().filter(|begun| begun.set != self.set()) {
            return Err(Failure::new(format!(
                "The key of {} is being replaced for the key set {set}: go on with that first.",
                self.client
            )));
        }
        if self.dry_run {
            return self.plan(store, begun).await;
        }
        let api = self.api.connect().await?;
        if self.rollback {
            let Some(rotation) = begun else {
                println!("There is nothing to take back.");
                return Ok(());
            };
            return self.take_back(store, &journal, &api, &rotation).await;
        }
        let mut rotation = match begun {
            Some(rotation) => {
                println!("Going on with {}", rotation.kid());
                rotation
            }
            None => self.begin(store, &journal, &api).await?,
        };
        loop {
            match rotation.step {
                Step::Made => {
                    let registered = api.keys(&self.client).await?;
                    let keys = registered::with(registered, &rotation, &self.prune)?;
                    self.register(&api, &keys).await?;
                    println!("Registered {}", rotation.kid());
                }
                Step::Registered => self.try_out(&api, &rotation).await?,
                Step::Known => {
                    self.hand_over(store, &rotation)?;
                    println!("Handed over {}", rotation.kid());
                }
                Step::HandedOver => self.drain(&rotation).await,
                Step::Drained => {
                    let registered = api.keys(&self.client).await?;
                    let keys = registered::without(registered, &rotation, &self.prune);
                    self.register(&api, &keys).await?;
                    journal.end()?;
                    println!("Done: {} signs for {}", rotation.kid(), self.client);
                    return Ok(());
                }
            }
            rotation.step = rotation.step.next();
            rotation.since = seconds();
            journal.write(&rotation)?;
        }
    }

    /// Makes the key. From here on there is something to go on with.
    async fn begin(
        &self,
        store: &Store,
        journal: &Journal,
        api: &Api,
    ) -> Result<Rotation, Failure> {
        let before = api.keys(&self.client).await?;
        let keys = store.read(&self.name, self.set)?;
        let old = keys
            .current(&self.name)?
            .kid()
            .unwrap_or_default()
            .to_owned();
        let mut key = rsa::generate(self.size)?;
        let is_free = |kid: &String| !keys.has(kid) && before.iter().all(|key| key["kid"] != **kid);
        let now = Zoned::now();
        let kid_at = |minutes: i64| {
            format!(
                "{}.{}",
                self.set(),
                create::suffix(&(&now + minutes.minutes()))
            )
        };
        // Another key may have been made in this minute.
        let kid = (0..60).map(kid_at).find(is_free);
        let kid = kid.ok_or_else(|| Failure::new("There were too many keys made in this hour."))?;
        for (member, text) in [("alg", "RS256"), ("use", "sig"), ("kid", &kid)] {
            key.set(member, text);
        }
        let rotation = Rotation {
            set: self.set(),
            old,
            key: key.complete(),
            before,
            step: Step::Made,
            since: seconds(),
        };
        // What cannot be registered is better known before anything is written.
        registered::with(rotation.before.clone(), &rotation, &self.prune)?;
        journal.write(&rotation)?;
        println!("Made {kid}");
        Ok(rotation)
    }

    fn set(&self) -> String {
        format!("{}-{}", self.name, self.set)
    }

    /// Replaces what is registered. Whoever comes last wins there, so somebody else may have at the same time.
    async fn register(&self, api: &Api, keys: &[Value]) -> Result<(), Failure> {
        api.set_keys(&self.client, keys).await?;
        let kids = |keys: &[Value]| -> BTreeSet<String> {
            keys.iter().map(|key| key["kid"].to_string()).collect()
        };
        if kids(&api.keys(&self.client).await?) == kids(keys) {
            return Ok(());
        }
        Err(Failure::new(format!(
            "Somebody else changes the keys of {} at the same time. Run it again when they have ended.",
            self.client
        )))
    }

    async fn try_out(&self, api: &Api, rotation: &Rotation) -> Result<(), Failure> {
        let client = api.client(&self.client).await?;
        let trial = trial::Trial::new(self.api.settings()?, &self.client, rotation, &client)?;
        for attempt in 1..=self.attempts {
            if trial.is_known().await? {
                println!("Maskinporten knows {}", rotation.kid());
                return Ok(());
            }
            let what = format!(
                "Maskinporten does not know it yet ({attempt} of {})",
                self.attempts
            );
            wait(&what, self.delay).await;
        }
        Err(Failure::new(
            "Maskinporten does not know the new key yet. Run it again to go on, or with --rollback to take it back.",
        ))
    }

    fn hand_over(&self, store: &Store, rotation: &Rotation) -> Result<(), Failure> {
        store.change(&self.name, self.set, |set| {
            if set.has(rotation.kid()) {
                return Ok(());
            }
            set.add(rotation.key.clone())
        })?;
        self.write(&rotation.key)
    }

    fn write(&self, key: &super::jwk::Jwk) -> Result<(), Failure> {
        let Some(path) = &self.hand_to else {
            return Ok(());
        };
        store::replace(path, &to_json(key)?).map_err(|error| Failure::at(path, error))
    }

    async fn drain(&self, rotation: &Rotation) {
        let end = rotation.since.saturating_add(self.drain);
        let left = end.saturating_sub(seconds());
        wait(
            &format!("{} stays registered for another {left} s", rotation.old),
            left,
        )
        .await;
    }

    /// In the other order: whoever signs has the key before again, and then the new one is taken away.
    async fn take_back(
        &self,
        store: &Store,
        journal: &Journal,
        api: &Api,
        rotation: &Rotation,
    ) -> Result<(), Failure> {
        store.change(&self.name, self.set, |set| {
            set.remove(rotation.kid());
            Ok(())
        })?;
        let set = store.read(&self.name, self.set)?;
        self.write(set.current(&self.name)?)?;
        // What others have registered meanwhile stays.
        let mut keys = api.keys(&self.client).await?;
        keys.retain(|key| key["kid"] != rotation.kid());
        for key in &rotation.before {
            if !keys.iter().any(|other| other["kid"] == key["kid"]) {
                keys.push(key.clone());
            }
        }
        self.register(api, &keys).await?;
        journal.end()?;
        println!("Taken back: {} signs for {}", rotation.old, self.client);
        Ok(())
    }

    async fn plan(&self, store: &Store, begun: Option<Rotation>) -> Result<(), Failure> {
        if let Some(rotation) = begun {
            println!(
                "Would go on with {}: it is {}",
                rotation.kid(),
                rotation.step
            );
            return Ok(());
        }
        let set = store.read(&self.name, self.set)?;
        let old = set.current(&self.name)?.kid().unwrap_or_default();
        let registered = self.api.connect().await?.keys(&self.client).await?;
        let kids: Vec<_> = registered
            .iter()
            .filter_map(|key| key["kid"].as_str())
            .collect();
        println!("Registered on {}: {}", self.client, kids.join(", "));
        println!(
            "1. make a key of {} bits for {}-{}",
            self.size, self.name, self.set
        );
        println!("2. register it beside them");
        println!(
            "3. try it until Maskinporten knows it, {} times, every {} s",
            self.attempts, self.delay
        );
        match &self.hand_to {
            Some(path) => println!("4. hand it over: to the key set, and to {}", path.display()),
            None => println!("4. hand it over: to the key set"),
        }
        println!("5. wait {} s", self.drain);
        println!("6. take away {old}");
        Ok(())
    }
}

/// Tells what it waits for, and, on a terminal, for how long yet.
async fn wait(what: &str, seconds: u64) {
    println!("{what}");
    let bar = ProgressBar::new(seconds);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos} of {len} s") {
        bar.set_style(style);
    }
    for _ in 0..seconds {
        sleep(Duration::from_secs(1)).await;
        bar.inc(1);
    }
    bar.finish_and_clear();
}

fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
