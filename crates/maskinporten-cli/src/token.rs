//! `maskinporten token`: one token.

use clap::{Args, ValueEnum};
use maskinporten::AccessToken;
use serde_json::json;

use crate::{
    configuration::{Configuration, Wanted},
    failure::Failure,
};

/// Gets a token, and prints it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten token --settings appsettings.json
  curl -H \"$(maskinporten token --altinn --output header)\" https://platform.tt02.altinn.no/…
  maskinporten token --client-id ID --key client.jwk --environment test --scope altinn:serviceowner
  maskinporten token --system-user 314330897 --external-ref branch")]
pub(crate) struct Token {
    /// Maskinporten's own token, whatever the settings say
    #[arg(long, conflicts_with = "altinn")]
    raw: bool,
    /// Altinn's token, whatever the settings say
    #[arg(long)]
    altinn: bool,
    /// What is printed
    #[arg(short, long, value_enum, default_value_t = Output::Token)]
    output: Output,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    /// The token
    Token,
    /// The header, as curl takes it: curl -H "$(maskinporten token -o header)"
    Header,
    /// What RFC 6749 has in an answer
    Json,
    /// A line for a shell: eval "$(maskinporten token -o env)"
    Env,
}

impl Token {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = self.configuration.read(&self.wanted, self.altinn)?;
        let source = settings.connect().await?;
        let mut grant = settings.grant().clone();
        if self.raw {
            grant = grant.raw();
        }
        let token = source.fetch(&grant).await?;
        println!("{}", shown(&token, self.output)?);
        Ok(())
    }
}

fn shown(token: &AccessToken, output: Output) -> Result<String, Failure> {
    let header = token.authorization().to_str()?;
    let bare = header.strip_prefix("Bearer ").unwrap_or(header);
    Ok(match output {
        Output::Token => bare.to_owned(),
        Output::Header => format!("Authorization: {header}"),
        Output::Json => json!({
            "access_token": bare,
            "token_type": "Bearer",
            "expires_in": token.lifetime().saturating_sub(token.requested_at().elapsed()).as_secs(),
            "scope": token.scope(),
        })
        .to_string(),
        // Nothing in a token means anything to a shell: it is of the alphabet of RFC 6750.
        Output::Env => format!("export ACCESS_TOKEN='{bare}'"),
    })
}
