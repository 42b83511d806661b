//! One service, one layer, many customers: each request carries the token of its own customer.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::Request;
use http_body_util::Full;
use maskinporten::{Grant, HttpClient, SystemUser};
use maskinporten_stub::{Stub, SystemUser as Approved};
use tests::{altinn, grant, layer, maskinporten, pass};
use tokio::{sync::Semaphore, task::JoinSet};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{GrantChange, Tokens};

/// Organisation numbers that could be: nine digits, the last of which is right.
fn organisations(count: usize) -> Vec<String> {
    (31_000_000..)
        .filter_map(|start: u32| {
            let digits = start.to_string();
            let weights = [3, 2, 7, 6, 5, 4, 3, 2];
            let products = digits
                .bytes()
                .zip(weights)
                .map(|(d, w)| u32::from(d - b'0') * w);
            let check = (11 - products.sum::<u32>() % 11) % 11;
            (check < 10).then(|| format!("{digits}{check}"))
        })
        .take(count)
        .collect()
}

/// A request that names its customer in its path and acts as that customer.
fn request(stub: &Stub, customer: &str) -> Request<Full<bytes::Bytes>> {
    let user = SystemUser::new(customer.parse().unwrap());
    let url = format!(
        "{}/correspondence/api/v1/attachment/00000000-0000-7000-8000-000{customer}",
        stub.base_url()
    );
    let mut request = Request::get(url).body(Full::default()).unwrap();
    let as_customer = GrantChange::new(move |grant| grant.with_system_user(user.clone()));
    request.extensions_mut().insert(as_customer);
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_customers_through_one_layer() {
    const CUSTOMERS: usize = 20_000;
    let stub = Arc::new(Stub::start().await.unwrap());
    // One life for all, however long this machine takes.
    stub.set_token_lifetime(Duration::from_secs(3600));
    let customers = organisations(CUSTOMERS);
    for customer in &customers {
        stub.register_system_user(Approved::of(customer).client_id(stub.demo_client().client_id()));
    }
    let tokens = Tokens::new(maskinporten(&stub), grant());
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());

    let at_once = Arc::new(Semaphore::new(64));
    let (mut seen, mut token_requests) = (HashMap::new(), 0);
    // The stub remembers what it was asked, but not all of this.
    for customers in customers.chunks(2_000) {
        let mut requests = JoinSet::new();
        for customer in customers {
            let (client, request) = (client.clone(), request(&stub, customer));
            let permit = at_once.clone().acquire_owned().await.unwrap();
            requests.spawn(async move {
                let answer = client.oneshot(request).await;
                drop(permit);
                answer.unwrap().status()
            });
        }
        while let Some(status) = requests.join_next().await {
            assert_eq!(status.unwrap(), http::StatusCode::NOT_FOUND);
        }
        token_requests += stub.token_requests();
        for recorded in stub.requests() {
            let Some((_, id)) = recorded.path().split_once("/attachment/") else {
                continue;
            };
            let acting_as = &recorded.claims().unwrap()["authorization_details"][0];
            let customer = id[id.len() - 9..].to_owned();
            assert_eq!(
                acting_as["systemuser_org"]["ID"],
                format!("0192:{customer}")
            );
            *seen.entry(customer).or_insert(0) += 1;
        }
        stub.clear_requests();
    }
    assert_eq!(token_requests, CUSTOMERS);
    assert_eq!(seen.len(), CUSTOMERS);
    assert!(seen.values().all(|requests| *requests == 1));
}

#[tokio::test]
async fn evicted_customers_come_back_with_a_token_of_their_own() {
    let stub = Stub::start().await.unwrap();
    let customers = organisations(20);
    for customer in &customers {
        stub.register_system_user(Approved::of(customer).client_id(stub.demo_client().client_id()));
    }
    let tokens = Tokens::new(maskinporten(&stub), grant()).with_capacity(5);
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    for round in 1..=2 {
        for customer in &customers {
            client
                .clone()
                .oneshot(request(&stub, customer))
                .await
                .unwrap();
        }
        assert_eq!(stub.token_requests(), round * customers.len());
    }
    let last = customers.last().unwrap();
    client.oneshot(request(&stub, last)).await.unwrap();
    assert_eq!(stub.token_requests(), 2 * customers.len());
}

#[tokio::test]
async fn a_customer_who_has_not_approved_fails_alone() {
    let stub = Stub::start().await.unwrap();
    let [approved, not] = organisations(2).try_into().unwrap();
    let client_id = stub.demo_client().client_id().to_owned();
    stub.register_system_user(Approved::of(&approved).client_id(client_id));
    let tokens = Tokens::new(altinn(&stub), grant());
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    for _ in 0..10 {
        let error = client
            .clone()
            .oneshot(request(&stub, &not))
            .await
            .unwrap_err();
        let error = error
            .downcast::<tower_maskinporten::TokenUnavailable>()
            .unwrap();
        let refusal = error.last_error().unwrap().refusal().unwrap();
        assert_eq!(refusal.code(), Some("MP-303"));
        client
            .clone()
            .oneshot(request(&stub, &approved))
            .await
            .unwrap();
    }
    assert_eq!((stub.token_requests(), stub.exchanges()), (2, 1));
    // However long it takes, Maskinporten is asked once a minute at most, and then soon knows.
    for asked in 1..=5 {
        pass(Duration::from_secs(67)).await;
        for _ in 0..2 {
            client
                .clone()
                .oneshot(request(&stub, &not))
                .await
                .unwrap_err();
        }
        assert_eq!(stub.token_requests(), 2 + asked);
    }
    let client_id = stub.demo_client().client_id().to_owned();
    stub.register_system_user(Approved::of(&not).client_id(client_id));
    pass(Duration::from_secs(67)).await;
    client.oneshot(request(&stub, &not)).await.unwrap();
}

#[tokio::test]
async fn a_raw_grant_is_not_exchanged() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(altinn(&stub), grant());
    tokens.authorization(&grant().raw()).await.unwrap();
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 0));
    tokens.ready().await.unwrap();
    assert_eq!((stub.token_requests(), stub.exchanges()), (2, 1));
}

#[tokio::test]
async fn persons_and_consents_are_in_the_token() {
    let stub = Stub::start().await.unwrap();
    let person = "25922947409";
    let consent = "f70542a8-d97a-40a8-9ef7-221603ffd5e6";
    let tokens = Tokens::new(maskinporten(&stub), grant());
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    let consented = maskinporten::Consent::of_person(consent, person.parse().unwrap()).unwrap();
    let grants: [Grant; 2] = [
        grant().with_pid(person.parse().unwrap()),
        grant().with_consent(consented),
    ];
    for grant in grants {
        let url = format!(
            "{}/correspondence/api/v1/attachment/{consent}",
            stub.base_url()
        );
        let mut request = Request::get(url).body(Full::default()).unwrap();
        request.extensions_mut().insert(grant);
        client.clone().oneshot(request).await.unwrap();
    }
    let api = stub.requests();
    let claims: Vec<_> = api
        .iter()
        .filter(|request| request.path().contains("/attachment/"))
        .map(|request| request.claims().unwrap())
        .collect();
    assert_eq!(claims[0]["pid"], person);
    assert_eq!(claims[1]["authorization_details"][0]["id"], consent);
}
