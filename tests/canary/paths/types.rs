//! Every public type, as `Debug` and `Display` print it.

use std::{any::type_name, collections::BTreeSet, fmt::Debug};

use clap::Parser;
use maskinporten::{
    AltinnPlatform, ClientKey, Consent, Environment, Grant, HttpClient, KeyOptions, KeyRing,
    NationalIdentityNumber, OrganisationNumber, Settings, Signer, SystemUser, TokenSource,
};
use maskinporten_stub::{
    CertificateAuthority, Client, Fault, Outcome, Recipient, Recorded, Resource, Route, Stub,
};
use serde_json::json;
use tests::{configuration::document, grant, layer};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, GrantChange, Origins, TokenState, Tokens};

use super::{CONSENT, PERSON, Path, Scene, note_key, path};
use crate::{
    capture::{Channel, print, print_error, tell},
    search::secrets,
};

pub(super) fn paths() -> Vec<Path> {
    vec![path("every public type", || Box::pin(every_type()))]
}

const PASSWORD: &str = "canary-password-of-a-type-77aa";

/// The types that were printed.
#[derive(Default)]
struct Printed(BTreeSet<&'static str>);

impl Printed {
    fn print<T: Debug>(&mut self, value: &T) {
        print(value);
        let name = type_name::<T>().split('<').next().unwrap();
        self.0.insert(name);
    }

    fn print_error<E: std::error::Error + 'static>(&mut self, error: E) {
        print_error(&error);
        self.print(&error);
    }
}

/// The types that a crate exports, but for those that nobody can print.
fn exported(name: &str, library: &str) -> BTreeSet<String> {
    const UNPRINTABLE: [&str; 4] = ["Signer", "TokenSource", "Replay", "ResponseFuture"];
    let exports = library.split("pub use ").skip(1);
    let exports = exports.flat_map(|rest| rest.split(';').next());
    let words = exports.flat_map(|export| export.split(|c: char| !c.is_alphanumeric()));
    let types = words.filter(|word| word.starts_with(char::is_uppercase));
    let types = types.filter(|word| !UNPRINTABLE.contains(word));
    types.map(|word| format!("{name}::{word}")).collect()
}

async fn every_type() {
    let scene = Scene::begin().await;
    secrets().claim("the number of a person", PERSON);
    secrets().claim("the id of a consent", CONSENT);
    secrets().text("a password", PASSWORD);
    let mut printed = Printed::default();
    of_maskinporten(&mut printed, &scene).await;
    of_tower(&mut printed, &scene).await;
    of_stub(&mut printed, &scene).await;
    let printed: BTreeSet<_> = printed
        .0
        .iter()
        .map(|name| {
            let (krate, rest) = name.split_once("::").unwrap();
            format!("{krate}::{}", rest.rsplit("::").next().unwrap())
        })
        .collect();
    for (name, library) in [
        (
            "maskinporten",
            include_str!("../../../crates/maskinporten/src/lib.rs"),
        ),
        (
            "tower_maskinporten",
            include_str!("../../../crates/tower-maskinporten/src/lib.rs"),
        ),
        (
            "maskinporten_stub",
            include_str!("../../../crates/maskinporten-stub/src/lib.rs"),
        ),
    ] {
        let exported = exported(name, library);
        assert!(exported.len() > 10, "{exported:?}");
        let unseen: Vec<_> = exported.difference(&printed).collect();
        assert!(unseen.is_empty(), "types that were not printed: {unseen:?}");
    }
    scene.end().await;
}

async fn of_maskinporten(printed: &mut Printed, scene: &Scene) {
    let jwk = note_key(scene.stub.demo_client().private_jwk());
    let key = ClientKey::from_jwk(&jwk.to_string()).unwrap();
    let person: NationalIdentityNumber = PERSON.parse().unwrap();
    let organisation: OrganisationNumber = "310702641".parse().unwrap();
    let consent = Consent::of_person(CONSENT, person.clone()).unwrap();
    let user = SystemUser::new(organisation);
    let source = scene.altinn().with_enterprise_user("user", PASSWORD);
    printed.print(&key.algorithm());
    printed.print(&AltinnPlatform::tt02());
    printed.print(&Environment::test());
    printed.print(&HttpClient::new().unwrap());
    printed.print(&KeyOptions::new().password(PASSWORD));
    printed.print(&KeyRing::new(key.clone()));
    printed.print(&KeyRing::new(key.clone()).status());
    printed.print(&key);
    printed.print(&source);
    printed.print(&scene.maskinporten());
    printed.print(&maskinporten::Maskinporten::new(
        Environment::test(),
        "me",
        key,
        (),
    ));
    printed.print(
        &grant()
            .with_pid(person.clone())
            .with_consent(consent.clone()),
    );
    printed.print(&grant().with_system_user(user.clone()));
    printed.print(&consent);
    printed.print(&person);
    printed.print(&organisation);
    printed.print(&user);
    let token = scene.altinn().fetch(&grant()).await.unwrap();
    printed.print(&token);
    let error = scene
        .maskinporten()
        .fetch(&Grant::new("x:unknown").unwrap())
        .await;
    let error = error.unwrap_err();
    printed.print(error.refusal().unwrap());
    print(&format!("{}", error.refusal().unwrap()));
    printed.print_error(error);
    printed.print_error(Environment::custom("http://maskinporten.no", "x").unwrap_err());
    printed.print_error(ClientKey::from_jwk(&jwk["d"].to_string()).unwrap_err());
    printed.print_error(
        format!("{PERSON}1")
            .parse::<NationalIdentityNumber>()
            .unwrap_err(),
    );
    printed.print_error(Consent::of_person(PERSON, person).unwrap_err());
    let text = document(&json!({
        "Jwk": jwk, "EnterpriseUserName": "user", "EnterpriseUserPassword": PASSWORD, "KeyPassword": PASSWORD,
    }));
    printed.print(&Settings::builder().json("a.json", text.clone()));
    printed.print(
        &Settings::builder()
            .json("a.json", text.clone())
            .build()
            .unwrap(),
    );
    printed.print(
        &Settings::builder()
            .json("a.json", text.clone())
            .watch()
            .unwrap(),
    );
    let half = Settings::builder()
        .json("a.json", &text[..text.len() - 1])
        .build();
    printed.print_error(half.unwrap_err());
}

async fn of_tower(printed: &mut Printed, scene: &Scene) {
    let tokens = scene.tokens();
    tokens.ready().await.unwrap();
    let with_replay = layer(&scene.stub, &tokens);
    let origins = Origins::new([scene.stub.base_url()]).unwrap();
    let client = with_replay.layer(scene.http.clone());
    client.clone().oneshot(scene.request()).await.unwrap();
    printed.print(&BearerAuthLayer::new(tokens.clone(), origins.clone()));
    printed.print(&with_replay);
    printed.print(&client);
    printed.print(&origins);
    printed.print(&GrantChange::new(|grant| grant));
    printed.print(&tokens);
    let status = tokens.status();
    printed.print(status.default_grant());
    printed.print(&status);
    printed.print(&TokenState::ALL[0]);
    printed.print_error(Origins::new(["https://user:password@evil.example/path"]).unwrap_err());
    let request = http::Request::get("https://evil.example/")
        .body(Default::default())
        .unwrap();
    let error = client.oneshot(request).await.unwrap_err();
    let refused: Box<tower_maskinporten::OriginNotAllowed> = error.downcast().unwrap();
    printed.print_error(*refused);
    let refused = Tokens::new(scene.maskinporten(), Grant::new("x:unknown").unwrap());
    printed.print_error(refused.ready().await.unwrap_err());
    // What replays have no secrets, and cannot be made by anybody else.
    printed.0.extend([
        "tower_maskinporten::NoReplay",
        "tower_maskinporten::ReplayClones",
    ]);
}

async fn of_stub(printed: &mut Printed, scene: &Scene) {
    let program = maskinporten_stub::Program::parse_from(["maskinporten-stub"]);
    printed.print(&program);
    let stub = &scene.stub;
    let client = Client::generate("c", "991825827").unwrap();
    note_key(client.private_jwk().unwrap());
    let authority = CertificateAuthority::generate().unwrap();
    let certificate = authority.issue("991825827").unwrap();
    for line in certificate
        .private_key_pem()
        .lines()
        .filter(|line| line.len() == 64)
    {
        secrets().text("a line of PEM", line);
    }
    printed.print(stub);
    printed.print(&Stub::builder());
    printed.print(stub.demo_client());
    printed.print(&client);
    printed.print(&authority);
    printed.print(&certificate);
    printed.print(&Fault::status(500));
    printed.print(&maskinporten_stub::Body::Html);
    printed.print(&maskinporten_stub::Unauthorized::Bearer);
    printed.print(&Route::Token);
    printed.print(&Recipient::reachable("991825827"));
    printed.print(&Resource::new("resource", "991825827"));
    printed.print(&maskinporten_stub::SystemUser::of("991825827"));
    printed.print_error(
        Client::new("c", "991825827")
            .key(client.private_jwk().unwrap())
            .unwrap_err(),
    );
    for request in stub.requests() {
        for check in request.checks() {
            let outcome: &Outcome = check.outcome();
            printed.print(outcome);
            printed.print(&check);
        }
        // Tests look at the claims of what they have sent.
        tell(
            Channel::Stub,
            "a request",
            format!("{request:?}\n{request:#?}"),
        );
        printed.0.insert(type_name::<Recorded>());
    }
}
