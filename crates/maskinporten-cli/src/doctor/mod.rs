//! `maskinporten doctor`: what is wrong, and what to do about it.

mod exchange;
mod grant;
mod key;
mod report;
mod server;

use clap::Args;
use maskinporten::Settings;

use self::report::{Finding, Report, Stage};
use crate::{
    configuration::{Configuration, Wanted},
    failure::Failure,
};

/// Checks a client's settings, key, clock, network, grant and exchange, one after the other
///
/// Ends with 0 when all is well, or with the number of the stage that failed: 10 settings, 11 key, 12 clock, 13 DNS,
/// 14 TLS, 15 metadata, 16 grant, 17 scopes, 18 exchange, 19 API.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten doctor --settings appsettings.json
  maskinporten doctor --json | jq -r .failed
  maskinporten doctor --api https://platform.tt02.altinn.no/authorization/api/v1/parties")]
pub(crate) struct Doctor {
    /// Calls this address with the token, too
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// Prints JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    configuration: Configuration,
}

impl Doctor {
    /// The number of the stage that failed; 0 when none did.
    pub(crate) async fn run(self) -> Result<u8, Failure> {
        let mut report = Report::default();
        self.examine(&mut report).await;
        let text = if self.json {
            report.to_json()?
        } else {
            report.to_string()
        };
        // Without colours, where it is no terminal.
        anstream::println!("{text}");
        Ok(report.failed().map_or(0, Stage::code))
    }

    /// Goes on as long as the next stage can say anything.
    async fn examine(&self, report: &mut Report) -> Option<()> {
        let settings = match self.settings() {
            Ok(settings) => report.take(Stage::Settings, Ok(settings))?,
            Err((stage, finding)) => {
                report.note((stage, finding));
                return None;
            }
        };
        report.note(key::examine(&settings, report.now));
        if let Some(environment) = settings.environment() {
            let server = server::examine(environment, report).await?;
            report.take(Stage::Clock, server.clock());
        }
        let source = grant::source(&settings, report).await?;
        let token = grant::token(&*source, &settings).await;
        let mut token = report.take(Stage::Grant, token)?;
        report.take(Stage::Scopes, grant::scopes(&settings, &token));
        if settings.exchanges() {
            let exchanged = exchange::exchange(&*source, &settings).await;
            token = report.take(Stage::Exchange, exchanged)?;
        }
        if let Some(url) = &self.api {
            report.take(Stage::Api, exchange::call(url, &token).await);
        }
        Some(())
    }

    fn settings(&self) -> Result<(Settings, String), (Stage, Finding)> {
        let settings = self.configuration.read(&self.wanted, false);
        let settings = settings.map_err(|error| {
            let why = error.to_string();
            if key::is_meant(&why) {
                let fix =
                    "give it as a JWK, PEM or PKCS#12: `--key FILE`, `KeyPath` or `EncodedJwk`";
                return (Stage::Key, Finding::bad(why, fix));
            }
            let fix = "set what it names: flags, variables, or a file with --settings";
            (Stage::Settings, Finding::bad(why, fix))
        })?;
        let origin = |member: &str| settings.origin_of(member).unwrap_or("its default");
        let found = format!(
            "client {} from {}; scope from {}",
            settings.client_id(),
            origin("ClientId"),
            origin("Scope"),
        );
        Ok((settings, found))
    }
}
