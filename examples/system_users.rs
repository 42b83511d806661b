//! One service that acts for many customers: each request carries the token of its own customer's system user.
//!
//! It runs on a stub, where two of three customers have approved the system. `cargo run --example system_users`

use std::process::ExitCode;

use examples::{Place, Told, end, http_client, say};
use http::{Request, header::CONTENT_TYPE};
use maskinporten::{BoxError, OrganisationNumber, SystemUser};
use maskinporten_stub::SystemUser as Approved;
use serde_json::json;
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, GrantChange, Origins, TokenUnavailable, Tokens};

const CUSTOMERS: [&str; 3] = ["310702641", "314277961", "910753614"];

#[tokio::main]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), BoxError> {
    let place = Place::choose().await?;
    say("platform", &place);
    let stub = place.stub.as_ref();
    let stub = stub.ok_or("this example registers its customers, which it does on a stub")?;
    for approved in &CUSTOMERS[..2] {
        let client_id = stub.demo_client().client_id();
        stub.register_system_user(Approved::of(*approved).client_id(client_id));
        stub.register_resource(&format!("letters-of-{approved}"), approved);
    }

    // One layer for all customers. Which token a request gets is said by the request.
    let tokens = Tokens::new(Told::new(place.source.clone()), place.grant.clone());
    let layer = BearerAuthLayer::new(tokens, Origins::new([&place.platform])?);
    let client = layer.layer(http_client()?);

    for round in ["first", "second"] {
        for customer in CUSTOMERS {
            let organisation: OrganisationNumber = customer.parse()?;
            let url = format!("{}/correspondence/api/v1/attachment", place.platform);
            let request = Request::post(url).header(CONTENT_TYPE, "application/json");
            let file = json!({"resourceId": format!("letters-of-{customer}"), "fileName": "a.pdf",
                "sendersReference": round});
            let mut request = request.body(file.to_string().into())?;
            let user = SystemUser::new(organisation);
            let as_customer = GrantChange::new(move |grant| grant.with_system_user(user.clone()));
            request.extensions_mut().insert(as_customer);

            let outcome = match client.clone().oneshot(request).await {
                Ok(answer) => format!("the API answers {}", answer.status()),
                Err(error) => reason(&error),
            };
            say(customer, format_args!("{round} request: {outcome}"));
        }
    }
    say(
        "(stub)",
        format_args!("token requests: {}", stub.token_requests()),
    );
    Ok(())
}

/// Why there is no token, in Maskinporten's words and with what to do about it.
fn reason(error: &BoxError) -> String {
    let unavailable = error.downcast_ref::<TokenUnavailable>();
    let refusal = unavailable.and_then(|why| why.last_error()?.refusal());
    refusal.map_or_else(
        || error.to_string(),
        |refusal| format!("no token: {refusal}"),
    )
}
