//! Sends a correspondence with a PDF, through a client that adds the token by itself.
//!
//! Without arguments it starts a stub of Maskinporten and Altinn, and has every token revoked half-way. With the
//! variables that the README names it does the same on TT02. `cargo run --example send_correspondence [FILE.pdf]`

use std::process::ExitCode;

use examples::{Correspondence, Place, Told, end, http_client, letter, say};
use maskinporten::BoxError;
use tower::ServiceBuilder;
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

#[tokio::main]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), BoxError> {
    let place = Place::choose().await?;
    say("platform", &place);

    // The whole of authentication: where tokens come from, what is asked for, and where they may go.
    let source = Told::new(place.source.clone());
    let tokens = Tokens::new(source, place.grant.clone());
    let origins = Origins::new([&place.platform])?;
    let client = ServiceBuilder::new()
        .layer(BearerAuthLayer::new(tokens.clone(), origins).replaying_clones())
        .service(http_client()?);
    tokens.ready().await?;

    // From here on, nobody thinks of tokens.
    let api = Correspondence::new(client, &place.platform);
    let file = match std::env::args().nth(1) {
        Some(path) => std::fs::read(path)?.into(),
        None => letter("Vedtak om tilskudd: innvilget."),
    };
    let size = file.len();
    let name = "vedtak.pdf";
    let attachment = api.initialise_attachment(&place.resource, name).await?;
    say("attachment", format_args!("{attachment} announced"));
    let status = api.upload(&attachment, file).await?;
    say("attachment", format_args!("{size} bytes sent: {status}"));
    let status = api.wait_until_published(&attachment).await?;
    say("attachment", format_args!("scanned: {status}"));

    // What happens to a service when its tokens are refused in the middle of its work: nothing.
    let revocation = place.revoke_tokens();
    let sent = api
        .send_letter(&place.resource, &place.recipient, &attachment)
        .await?;
    say(
        "correspondence",
        format_args!("{sent} sent to {}", place.recipient),
    );
    for step in api.history(&sent).await? {
        say("", step);
    }
    revocation.map_or(Ok(()), |revocation| revocation.account())
}
