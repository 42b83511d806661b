//! Where a client's settings come from: what the library reads, and the command line.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use clap::Args;
use maskinporten::{Settings, SettingsBuilder};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The section that flags are put in, and settings are read from, unless it is said.
const SECTION: &str = "MaskinportenSettings";
/// No key is as large.
const LARGEST: u64 = 1 << 20;

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Configuration {
    /// A JSON file with settings, such as appsettings.json; of several, the later overrides the earlier
    #[arg(long, value_name = "FILE")]
    settings: Vec<PathBuf>,
    /// A directory with a file for each setting, as NAIS and Kubernetes mount it
    #[arg(long, value_name = "DIRECTORY")]
    settings_directory: Vec<PathBuf>,
    /// The section of the settings
    #[arg(long, default_value = SECTION)]
    section: String,
    /// Leaves the environment's variables (MaskinportenSettings__ClientId, MASKINPORTEN_CLIENT_ID, …) alone
    #[arg(long)]
    no_env: bool,
    /// The client's id
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// `test`, `production`, or an issuer's URL
    #[arg(long)]
    environment: Option<String>,
    /// The file with the client's private key: a JWK (also in base64), PEM or PKCS#12; `-` is stdin
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file with the password of that key
    #[arg(long, value_name = "FILE", requires = "key")]
    key_password_file: Option<PathBuf>,
    /// The id that the key is registered with
    #[arg(long)]
    kid: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is asked for")]
pub(crate) struct Wanted {
    /// A scope; repeat it, or put spaces between several
    #[arg(long)]
    scope: Vec<String>,
    /// The API that the token is for (`resource`, RFC 8707)
    #[arg(long)]
    resource: Option<String>,
    /// The organisation to act for as its supplier
    #[arg(long, value_name = "NUMBER", conflicts_with = "system_user")]
    consumer_org: Option<String>,
    /// The organisation whose system user to act as
    #[arg(long, value_name = "NUMBER")]
    system_user: Option<String>,
    /// Which of its system users
    #[arg(long, value_name = "REF", requires = "system_user")]
    external_ref: Option<String>,
}

impl Wanted {
    /// Nothing but a scope.
    pub(crate) fn scope(scope: &str) -> Self {
        Self {
            scope: vec![scope.to_owned()],
            resource: None,
            consumer_org: None,
            system_user: None,
            external_ref: None,
        }
    }
}

impl Configuration {
    /// Reads everything; tokens are traded for Altinn's if the settings say so, or `exchanges` does.
    pub(crate) fn read(&self, wanted: &Wanted, exchanges: bool) -> Result<Settings, Failure> {
        Ok(self.builder(wanted, exchanges)?.build()?)
    }

    pub(crate) fn builder(
        &self,
        wanted: &Wanted,
        exchanges: bool,
    ) -> Result<SettingsBuilder, Failure> {
        let mut builder = Settings::builder().section(&self.section);
        for file in &self.settings {
            builder = builder.json_file(file);
        }
        for directory in &self.settings_directory {
            builder = builder.directory(directory);
        }
        if !self.no_env {
            builder = builder.env();
        }
        let mut said = Map::new();
        let mut say = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                said.insert(name.to_owned(), Value::String(value));
            }
        };
        let is_url = |text: &String| text.contains("://");
        let environment = if self.environment.as_ref().is_some_and(is_url) {
            "Authority"
        } else {
            "Environment"
        };
        say(environment, self.environment.clone());
        say("ClientId", self.client_id.clone());
        match &self.key {
            Some(path) if path.as_os_str() == "-" => say("EncodedJwk", Some(stdin()?)),
            path => say(
                "KeyPath",
                path.as_ref().map(|path| path.display().to_string()),
            ),
        }
        if let Some(path) = &self.key_password_file {
            say("KeyPassword", Some(first_line(path)?.to_string()));
        }
        say("Kid", self.kid.clone());
        let scopes = wanted.scope.join(" ");
        say("Scope", (!scopes.is_empty()).then_some(scopes));
        say("Resource", wanted.resource.clone());
        say("ConsumerOrgNo", wanted.consumer_org.clone());
        say("SystemUserOrgNo", wanted.system_user.clone());
        say("SystemUserExternalRef", wanted.external_ref.clone());
        say("ExhangeToAltinnToken", exchanges.then(|| true.to_string()));
        if !said.is_empty() {
            let section = json!({ self.section.as_str(): said }).to_string();
            builder = builder.json("the command line", section);
        }
        Ok(builder)
    }
}

/// A key, in any form, in base64.
fn stdin() -> Result<String, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = io::stdin().take(LARGEST).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("stdin: {error}")))?;
    Ok(BASE64.encode(&*bytes))
}

/// The first line of a file: where passwords are.
pub(crate) fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| Failure::at(path, error))?;
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}
