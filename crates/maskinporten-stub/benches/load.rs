//! How fast the stub starts, how many tokens it gives, and what that does to its memory.
//!
//! `cargo bench -p maskinporten-stub --bench load -- 300000 4` asks for that many tokens, 20 000 when
//! not said, and sends each grant so many times, once when not said: all but the first are refused
//! (MP-012). Grants are signed beforehand, in rounds, so that only the stub and a client that does
//! nothing but send and receive are measured; both share the machine's cores. The last column is how
//! many such signatures those cores make: each token takes one, so no stub gives more tokens than that.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that measures"
)]

use std::{thread, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use maskinporten_stub::{Client, Stub};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    time::Instant,
};

const ROUND: usize = 10_000;
const CONNECTIONS: usize = 16;
const SCOPE: &str = "a:one";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.find_map(|argument| argument.parse().ok());
    let total: usize = number().unwrap_or(2 * ROUND);
    let times: usize = number().unwrap_or(1);
    let runtime = Runtime::new().unwrap();
    starts(&runtime);
    load(&runtime, total, times);
}

fn starts(runtime: &Runtime) {
    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys.json");
    let start = async || {
        let begun = Instant::now();
        let stub = Stub::builder().key_file(&keys).start().await.unwrap();
        let mut stream = TcpStream::connect(stub.address()).await.unwrap();
        let request = format!("GET /jwk HTTP/1.1\r\nhost: {}\r\n\r\n", stub.address());
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_u8().await.unwrap();
        begun.elapsed()
    };
    let first = runtime.block_on(start());
    let mut others: Vec<Duration> = (0..21).map(|_run| runtime.block_on(start())).collect();
    others.sort();
    println!("start to first answer, keys made     {first:>10.1?}");
    println!(
        "start to first answer, keys given    {:>10.1?} (median of 21)",
        others[10]
    );
}

fn load(runtime: &Runtime, total: usize, times: usize) {
    let key = KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public = key.public_key();
    let jwk = json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench",
        "n": number(public.modulus().big_endian_without_leading_zero()),
        "e": number(public.exponent().big_endian_without_leading_zero()),
    });
    let client = Client::new("bench", "991825827").scopes(SCOPE);
    let client = client.key(&jwk.to_string()).unwrap();
    let stub = runtime.block_on(Stub::start()).unwrap();
    stub.register(client);
    println!(
        "\n{:>10} {:>10} {:>10} {:>10} {:>14} {:>10} {:>13}",
        "requests", "tokens", "seconds", "tokens/s", "CPU ms/token", "RSS MiB", "signatures/s"
    );
    let mut asked = 0;
    while asked < total {
        let round = ROUND.min(total - asked);
        let signing = Instant::now();
        let grants = sign(&key, &stub, round, asked);
        let signatures = round as f64 / signing.elapsed().as_secs_f64();
        let (begun, cpu_before) = (Instant::now(), cpu_seconds());
        runtime.block_on(send(&stub, grants, times));
        let cpu = cpu_seconds() - cpu_before;
        let seconds = begun.elapsed().as_secs_f64();
        asked += round;
        let rate = round as f64 / seconds;
        let each = 1000.0 * cpu / round as f64;
        let resident = resident();
        println!(
            "{:>10} {asked:>10} {seconds:>10.2} {rate:>10.0} {each:>14.3} {resident:>10} {signatures:>13.0}",
            asked * times
        );
    }
}

/// The requests of a round, signed by all cores.
fn sign(key: &KeyPair, stub: &Stub, count: usize, from: usize) -> Vec<Vec<String>> {
    let now = jiff::Timestamp::now().as_second();
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let header = encode(json!({"alg": "RS256", "kid": "bench"}).to_string());
    let one = |number: usize| {
        let claims = json!({
            "aud": stub.issuer(), "iss": "bench", "scope": SCOPE, "iat": now, "exp": now + 100,
            "jti": format!("{number}-{}", STANDARD.encode(number.to_be_bytes())),
        });
        let signed = format!("{header}.{}", encode(claims.to_string()));
        let padding: &'static dyn RsaEncoding = &RSA_PKCS1_SHA256;
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        key.sign(padding, &random, signed.as_bytes(), &mut signature)
            .unwrap();
        let body = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={signed}.{}",
            URL_SAFE_NO_PAD.encode(signature)
        );
        format!(
            "POST /token HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{body}",
            stub.address(),
            body.len()
        )
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|worker| {
                let numbers = (from + worker..from + count).step_by(CONNECTIONS);
                scope.spawn(move || numbers.map(one).collect())
            })
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join().unwrap());
        joined.collect()
    })
}

async fn send(stub: &Stub, requests: Vec<Vec<String>>, times: usize) {
    let address = stub.address();
    let connections = requests.into_iter().map(|requests| {
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut answer = vec![0; 16 << 10];
            let requests = requests
                .iter()
                .flat_map(|request| (0..times).map(move |n| (n, request)));
            for (n, request) in requests {
                stream.write_all(request.as_bytes()).await.unwrap();
                let mut length = 0;
                // Every answer ends with its JSON object, and is far shorter than the buffer.
                while length == 0 || answer[length - 1] != b'}' {
                    let read = stream.read(&mut answer[length..]).await.unwrap();
                    assert!(read > 0, "the stub closed the connection");
                    length += read;
                }
                let expected: &[u8] = if n == 0 {
                    b"HTTP/1.1 200"
                } else {
                    b"HTTP/1.1 400"
                };
                assert!(answer.starts_with(expected));
            }
        })
    });
    for connection in connections.collect::<Vec<_>>() {
        connection.await.unwrap();
    }
}

/// What this process has used, client included: the same on a busy machine, unlike the rate. Zero
/// where the system does not tell.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_ascii_whitespace().skip(11).take(2);
    // Linux counts a hundred ticks a second.
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// The memory in use, where the system tells.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map_or_else(|| "-".to_owned(), |kib| (kib / 1024).to_string())
}
