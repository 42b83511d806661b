//! `POST /correspondence`, and `POST /correspondence/upload` with files.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};

use super::{
    caller::Caller, deliver::deliver, draft::Order, form::Form, negotiation, policy::Policy,
    refused::Refused,
};
use crate::{drain::drain, world::World};

pub(super) async fn send(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    negotiation::brings_json(&headers)?;
    let caller = admit(&world, &headers)?;
    let order = Order::read(&body)?;
    Ok(deliver(&world, &caller, &order, Vec::new())?)
}

pub(super) async fn send_with_files(
    State(world): State<Arc<World>>,
    request: Request,
) -> Result<Response, Refused> {
    let headers = request.headers();
    let admitted = negotiation::brings_form(headers).and_then(|()| admit(&world, headers));
    let caller = match admitted {
        Ok(caller) => caller,
        Err(refused) => {
            drain(request.into_body()).await;
            return Err(refused);
        }
    };
    let form = Form::receive(request).await?;
    let order = Order::of_form(form.fields)?;
    Ok(deliver(&world, &caller, &order, form.files)?)
}

fn admit(world: &World, headers: &HeaderMap) -> Result<Caller, Refused> {
    let caller = Policy::Sender.admit(world, headers)?;
    negotiation::accepts(headers, negotiation::JSON)?;
    Ok(caller)
}
