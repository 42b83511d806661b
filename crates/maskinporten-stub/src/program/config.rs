//! The configuration file. `config.example.toml` in the crate has every member, with comments.

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{CertificateAuthority, Client, Stub, StubBuilder, SystemUser};
use serde::Deserialize;

use super::client_key::KeySource;

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Config {
    /// What paths are relative to.
    #[serde(skip)]
    directory: PathBuf,
    pub(super) demo_client: bool,
    key_file: Option<PathBuf>,
    public_url: Option<String>,
    seed: u64,
    clock_offset_seconds: i64,
    key_propagation_seconds: u64,
    scan_seconds: u64,
    lifetimes: Lifetimes,
    clients: Vec<ClientEntry>,
    organisations: Vec<Organisation>,
    resources: Vec<Resource>,
    delegations: Vec<Delegation>,
    system_users: Vec<SystemUserEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Lifetimes {
    maskinporten_token_seconds: u64,
    altinn_token_seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientEntry {
    id: String,
    organisation: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    scopes_not_granted: Vec<String>,
    #[serde(default)]
    scopes_not_for_maskinporten: Vec<String>,
    #[serde(default)]
    deactivated: bool,
    #[serde(flatten)]
    keys: KeySource,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    number: String,
    code: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    id: String,
    owner: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delegation {
    consumer: String,
    supplier: String,
    scopes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemUserEntry {
    customer: String,
    system_id: String,
    client_ids: Vec<String>,
    external_ref: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            directory: PathBuf::new(),
            demo_client: true,
            key_file: None,
            public_url: None,
            seed: 0,
            clock_offset_seconds: 0,
            key_propagation_seconds: 0,
            scan_seconds: 0,
            lifetimes: Lifetimes::default(),
            clients: Vec::new(),
            organisations: Vec::new(),
            resources: Vec::new(),
            delegations: Vec::new(),
            system_users: Vec::new(),
        }
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            maskinporten_token_seconds: 120,
            altinn_token_seconds: 1800,
        }
    }
}

impl Config {
    /// Reads the file. Paths in it are relative to its directory.
    pub(super) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let failed = |why: String| format!("configuration {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        config.directory = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(config)
    }

    /// What must be known before the start.
    pub(super) fn builder(&self) -> StubBuilder {
        let seconds = Duration::from_secs;
        let mut builder = Stub::builder()
            .seed(self.seed)
            .clock_offset(self.clock_offset_seconds)
            .scan_time(seconds(self.scan_seconds))
            .key_propagation(seconds(self.key_propagation_seconds))
            .token_lifetime(seconds(self.lifetimes.maskinporten_token_seconds))
            .altinn_token_lifetime(seconds(self.lifetimes.altinn_token_seconds));
        if let Some(path) = &self.key_file {
            builder = builder.key_file(self.directory.join(path));
        }
        if let Some(url) = &self.public_url {
            builder = builder.public_url(url);
        }
        if !self.demo_client {
            builder = builder.without_demo_client();
        }
        builder
    }

    /// Registers everything, and gives the ids of all clients.
    pub(super) fn register(&self, stub: &Stub) -> Result<Vec<String>, Box<dyn Error>> {
        let mut ids = Vec::new();
        if self.demo_client {
            ids.push(stub.demo_client().client_id().to_owned());
        }
        let certified = self
            .clients
            .iter()
            .any(|entry| entry.keys.has_certificate());
        let authority = if certified {
            let authority = CertificateAuthority::generate()?;
            stub.trust(&authority);
            Some(authority)
        } else {
            None
        };
        for entry in &self.clients {
            let client = entry.client(authority.as_ref(), &self.directory);
            let client = client.map_err(|error| format!("client {:?}: {error}", entry.id))?;
            stub.register(client);
            ids.push(entry.id.clone());
        }
        for Organisation { number, code } in &self.organisations {
            stub.register_organisation(number, code);
        }
        for Resource { id, owner } in &self.resources {
            stub.register_resource(id, owner);
        }
        for delegation in &self.delegations {
            for scope in &delegation.scopes {
                stub.register_delegation(&delegation.consumer, &delegation.supplier, scope);
            }
        }
        for entry in &self.system_users {
            stub.register_system_user(entry.system_user());
        }
        Ok(ids)
    }
}

impl ClientEntry {
    fn client(
        &self,
        authority: Option<&CertificateAuthority>,
        directory: &Path,
    ) -> Result<Client, Box<dyn Error>> {
        if let Some(authority) = authority {
            self.keys.issue(authority, &self.organisation, directory)?;
        }
        let mut client = Client::new(&self.id, &self.organisation)
            .scopes(&self.scopes.join(" "))
            .scopes_not_granted(&self.scopes_not_granted.join(" "))
            .scopes_not_for_maskinporten(&self.scopes_not_for_maskinporten.join(" "));
        if self.deactivated {
            client = client.deactivated();
        }
        for key in self.keys.public_jwks(directory)? {
            client = client.key(&key)?;
        }
        Ok(client)
    }
}

impl SystemUserEntry {
    fn system_user(&self) -> SystemUser {
        let mut user = SystemUser::of(&self.customer).system_id(&self.system_id);
        for id in &self.client_ids {
            user = user.client_id(id);
        }
        match &self.external_ref {
            Some(external_ref) => user.external_ref(external_ref),
            None => user,
        }
    }
}
