//! S9: what the layer adds to the first token, which somebody waits for.
//!
//! The stub is Maskinporten and Altinn, in a thread of its own. A cold start is everything from new `Tokens`, over a
//! client that has no connection, to the first header: an assertion is signed, a connection made, the assertion posted,
//! and the token exchanged. What nobody can save is done bare in the same round: the signature alone, by aws-lc-rs with
//! the key parsed; and the two round trips over a new TCP connection, with bytes that were made beforehand. The value is
//! the median of what is left, round by round, of the time on the wall.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use maskinporten::{
    AltinnExchange, AltinnPlatform, ClientKey, Environment, Grant, HttpClient, Maskinporten, Retry,
};
use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    sync::oneshot,
    time::Instant,
};
use tower_maskinporten::Tokens;

use crate::{
    key::{KID, Key},
    options::Options,
    progress::Progress,
    samples::{median, quantile},
    table::Row,
};

const CLIENT_ID: &str = "bench";
const SCOPE: &str = "altinn:serviceowner";
/// In milliseconds.
const TARGET: f64 = 1.0;

pub const NUMBERS: &[&str] = &["S9"];

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let key = Key::generate();
    let (tell, told) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let jwk = key.public_jwk();
    let server = thread::spawn(move || {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let stub = Stub::start().await.expect("a stub");
            let client = Client::new(CLIENT_ID, "991825827").scopes(SCOPE);
            stub.register(client.key(&jwk).expect("a public key"));
            let place = (stub.address(), stub.issuer());
            tell.send(place).expect("somebody who asked");
            let _ = stopped.await;
            stub.stop().await;
        });
    });
    let (address, issuer) = told.blocking_recv().expect("a stub");
    let endpoints = Endpoints { address, issuer };
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    let row = runtime.block_on(cold_starts(&key, &endpoints, options, progress));
    drop(stop);
    server.join().expect("a stub that ends well");
    vec![row]
}

async fn cold_starts(
    key: &Key,
    endpoints: &Endpoints,
    options: &Options,
    progress: &Progress,
) -> Row {
    let (rounds, warm_up) = if options.quick { (5, 1) } else { (300, 30) };
    progress.begin("cold starts", rounds + warm_up);
    let client_key = key.client_key();
    let mut samples = [const { Vec::new() }; 4];
    for round in 0..rounds + warm_up {
        let cold = milliseconds(endpoints.cold_start(client_key.clone()).await);
        let (signature, form) = endpoints.form(key);
        let bare = endpoints.round_trips(&form).await;
        let (signature, bare) = (milliseconds(signature), bare.map(milliseconds));
        progress.step();
        if round >= warm_up {
            let left = cold - signature - bare[0] - bare[1];
            let round = [left, cold, signature, bare[0] + bare[1]];
            for (samples, sample) in samples.iter_mut().zip(round) {
                samples.push(sample);
            }
        }
    }
    let [left, cold, signature, trips] = samples;
    let beyond = median(&left);
    let begun = Instant::now();
    drop(HttpClient::new());
    let client = milliseconds(begun.elapsed());
    let begun = Instant::now();
    drop(key.client_key());
    let parsing = milliseconds(begun.elapsed());
    Row {
        number: "S9",
        what: "from new `Tokens` to the first Altinn header, beside the signature and the two round trips".into(),
        target: "at most 1 ms".into(),
        measured: format!(
            "{beyond:.2} ms (nine of ten: {:.2}) of {:.2}; signature {:.2}, round trips {:.2}. Once for a process, before: \
             reading and trying the key {parsing:.1} ms, `HttpClient::new` {client:.1}",
            quantile(&left, 0.9),
            median(&cold),
            median(&signature),
            median(&trips),
        ),
        is_met: (!options.quick).then_some(beyond <= TARGET),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The stub, as seen from outside.
struct Endpoints {
    address: SocketAddr,
    issuer: String,
}

impl Endpoints {
    /// The layer's own way, with a client that is connected to nobody.
    async fn cold_start(&self, key: ClientKey) -> Duration {
        let http = HttpClient::new().expect("root certificates");
        let environment = Environment::custom(&self.issuer, &format!("{}token", self.issuer));
        let environment = environment.expect("a loopback address");
        let base_url = format!("http://{}", self.address);
        let altinn = AltinnPlatform::custom(&base_url).expect("a loopback address");
        let grant = Grant::new(SCOPE).expect("a scope");
        let begun = Instant::now();
        let maskinporten = Maskinporten::new(environment, CLIENT_ID, key, http.clone());
        let source = AltinnExchange::new(Retry::new(maskinporten), &altinn, http);
        let tokens = Tokens::new(source, grant.clone());
        let header = tokens.authorization(&grant).await.expect("a token");
        let took = begun.elapsed();
        assert!(header.is_sensitive());
        took
    }

    /// An assertion that is ready to send, and how long it took to sign.
    fn form(&self, key: &Key) -> (Duration, String) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(json!({"alg": "RS256", "kid": KID}));
        let mut jti = [0; 16];
        aws_lc_rs::rand::fill(&mut jti).expect("random numbers");
        let claims = encode(json!({
            "aud": self.issuer, "iss": CLIENT_ID, "scope": SCOPE, "iat": now - 2, "exp": now + 108,
            "jti": URL_SAFE_NO_PAD.encode(jti),
        }));
        let input = format!("{header}.{claims}");
        let begun = Instant::now();
        let signature = key.sign(input.as_bytes());
        let took = begun.elapsed();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={input}.{signature}"
        );
        (took, form)
    }

    /// How long connecting and asking for the token take, and exchanging it over the same connection.
    async fn round_trips(&self, form: &str) -> [Duration; 2] {
        let host = self.address;
        let ask = format!(
            "POST /token HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        let begun = Instant::now();
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        let answer = exchange(&mut stream, &ask).await;
        let first = begun.elapsed();
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let token = answer["access_token"].as_str().expect("a token");
        let ask = format!(
            "GET /authentication/api/v1/exchange/maskinporten HTTP/1.1\r\nhost: {host}\r\naccept: text/plain\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        let begun = Instant::now();
        let answer = exchange(&mut stream, &ask).await;
        let second = begun.elapsed();
        assert_eq!(answer.split('.').count(), 3, "a token");
        [first, second]
    }
}

/// Sends `request` and reads the whole body of what is answered.
async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::with_capacity(16 << 10);
    loop {
        let read = stream.read_buf(&mut answer).await.expect("an answer");
        assert!(read > 0, "the stub closed the connection");
        let text = str::from_utf8(&answer).expect("text");
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse::<usize>().ok())?
        });
        if body.len() >= length.expect("a length") {
            return body.to_owned();
        }
    }
}
