//! The self-service API of Samarbeidsportalen: clients, and their keys.

use clap::Args;
use http::{Method, StatusCode, Uri};
use maskinporten::{Environment, HttpClient, Settings};
use serde_json::{Value, json};
use tower::Layer;
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, Tokens};

use crate::{
    configuration::{Configuration, Wanted},
    failure::Failure,
    http::{Answer, request, send},
};

/// How many keys a client can have.
pub(crate) const MOST_KEYS: usize = 5;

/// What the server adds to a key, and does not take back.
const ADDED: [&str; 1] = ["exp"];

#[derive(Debug, Args)]
#[command(next_help_heading = "Self-service API")]
pub(crate) struct SelfService {
    /// Its address, up to what comes before `/clients`; else that of the environment
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// The scope of the admin client's token
    #[arg(long, default_value = "idporten:dcr.write")]
    admin_scope: String,
    /// The admin client's settings
    #[command(flatten)]
    configuration: Configuration,
}

/// The API, with a token: a new one whenever it is time, for a rotation takes longer than one lives.
pub(crate) struct Api {
    base: String,
    service: BearerAuth<HttpClient>,
}

impl SelfService {
    /// The admin client's.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let wanted = Wanted::scope(&self.admin_scope);
        self.configuration.read(&wanted, false)
    }

    /// Everything is sent as the admin client.
    pub(crate) async fn connect(&self) -> Result<Api, Failure> {
        let settings = self.settings()?;
        let base = match &self.api {
            Some(api) => api.clone(),
            None => settings.environment().and_then(base).ok_or_else(|| {
                Failure::new("Say where the self-service API is, with `--api URL`.")
            })?,
        };
        let origins = origin(&base).and_then(|origin| Origins::new([origin]).ok());
        let origins = origins.ok_or_else(|| {
            Failure::new(format!(
                "`--api {base}` is no URL of https, or of this machine."
            ))
        })?;
        let source = settings.connect().await?;
        let tokens = Tokens::new(source, settings.grant().clone().raw());
        Ok(Api {
            base: base.trim_end_matches('/').to_owned(),
            service: BearerAuthLayer::new(tokens, origins).layer(HttpClient::new()?),
        })
    }
}

fn origin(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    Some(format!("{}://{}", url.scheme()?, url.authority()?))
}

/// Where the API of a known environment is.
fn base(environment: &Environment) -> Option<String> {
    let host = if *environment == Environment::production() {
        "https://api.samarbeid.digdir.no"
    } else if *environment == Environment::test() {
        "https://api.test.samarbeid.digdir.no"
    } else {
        return None;
    };
    Some(format!("{host}/api/v1"))
}

impl Api {
    pub(crate) async fn clients(&self, with_inactive: bool) -> Result<Vec<Value>, Failure> {
        let query = if with_inactive { "?inactive=true" } else { "" };
        match self
            .call(Method::GET, &format!("/clients{query}"), None)
            .await?
        {
            Value::Array(clients) => Ok(clients),
            _ => Err(Failure::new("The API's answer is no list of clients.")),
        }
    }

    pub(crate) async fn client(&self, id: &str) -> Result<Value, Failure> {
        self.call(Method::GET, &format!("/clients/{id}"), None)
            .await
    }

    pub(crate) async fn create(&self, client: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, "/clients", Some(client)).await
    }

    pub(crate) async fn deactivate(&self, id: &str) -> Result<(), Failure> {
        self.call(Method::DELETE, &format!("/clients/{id}"), None)
            .await
            .map(drop)
    }

    /// The keys of a client, as they can be sent back.
    pub(crate) async fn keys(&self, id: &str) -> Result<Vec<Value>, Failure> {
        let mut set = self
            .call(Method::GET, &format!("/clients/{id}/jwks"), None)
            .await?;
        let Value::Array(mut keys) = set["keys"].take() else {
            return Err(Failure::new("The API's answer is no set of keys."));
        };
        for key in keys.iter_mut().filter_map(Value::as_object_mut) {
            key.retain(|name, _| !ADDED.contains(&name.as_str()));
            // Required since 2025; older keys may lack it.
            key.entry("use").or_insert_with(|| "sig".into());
        }
        Ok(keys)
    }

    /// Replaces all keys of a client.
    pub(crate) async fn set_keys(&self, id: &str, keys: &[Value]) -> Result<(), Failure> {
        let path = format!("/clients/{id}/jwks");
        if keys.is_empty() {
            // An empty set is not taken.
            return self.call(Method::DELETE, &path, None).await.map(drop);
        }
        let body = json!({ "keys": keys });
        self.call(Method::POST, &path, Some(&body)).await.map(drop)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let url = format!("{}{path}", self.base);
        let request = request(method, &url, body)?;
        let Answer { status, body, .. } = send(self.service.clone(), request).await?;
        if status.is_success() {
            return Ok(serde_json::from_slice(&body).unwrap_or_default());
        }
        let fix = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "\nThe admin client needs the scope idporten:dcr.write, and must be of the organisation that owns the client."
            }
            StatusCode::NOT_FOUND => "\nIs the address of the API right, and the client's id?",
            _ => "",
        };
        let said = String::from_utf8_lossy(&body[..body.len().min(500)]).into_owned();
        Err(Failure::new(format!("{url}: {status} {said}{fix}")))
    }
}
