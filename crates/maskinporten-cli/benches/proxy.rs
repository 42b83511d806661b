//! What `maskinporten proxy` adds to a small request, beside a plain reverse proxy of the same stack.
//!
//! `cargo bench -p maskinporten-cli`, on a machine that is idle.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "it ends when something is not to be had, and prints what it measured"
)]

use std::{
    convert::Infallible,
    env,
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::OpenOptionsExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri, header, uri::Authority};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use maskinporten_stub::Stub;
use tokio::{net::TcpListener, time::Instant};

const REQUESTS: usize = 500;
const ROUNDS: usize = 60;
const SMALL: Bytes = Bytes::from_static(b"{}");

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    match arguments.next().as_deref() {
        Some("--upstream") => {
            runtime.block_on(serve(async |_| Ok(Response::new(Full::new(SMALL)))));
        }
        Some(upstream) => runtime.block_on(plain(upstream.parse().unwrap())),
        None => runtime.block_on(compare()),
    }
}

/// A reverse proxy that does nothing but send on.
async fn plain(upstream: Authority) {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(tcp);
    serve(move |mut request| {
        let client = client.clone();
        let path = request.uri().path_and_query().unwrap().clone();
        let uri = Uri::builder()
            .scheme("http")
            .authority(upstream.clone())
            .path_and_query(path);
        *request.uri_mut() = uri.build().unwrap();
        request.headers_mut().remove(header::HOST);
        async move { Ok(client.request(request).await.unwrap()) }
    })
    .await;
}

/// Says where it listens, and serves.
async fn serve<F, A, B>(answer: F)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
    B: hyper::body::Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    B: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("listening on http://{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(answer);
            let server = auto::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// A program that says where it listens, and ends with this.
struct Program(Child, String);

impl Program {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Self(child, address.to_owned())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn compare() {
    let stub = Stub::start().await.unwrap();
    let demo = stub.demo_client();
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("demo.jwk");
    let mut file = File::options();
    let mut file = file
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key)
        .unwrap();
    file.write_all(demo.private_jwk().as_bytes()).unwrap();

    let upstream = Program::start(Command::new(env::current_exe().unwrap()).arg("--upstream"));
    let plain = Program::start(Command::new(env::current_exe().unwrap()).arg(&upstream.1));
    let mut command = Command::new(env!("CARGO_BIN_EXE_maskinporten"));
    command.args([
        "proxy",
        "--no-env",
        "--scope",
        "altinn:serviceowner",
        "--to",
    ]);
    command
        .arg(format!("http://{}", upstream.1))
        .arg("--key")
        .arg(&key);
    command.args([
        "--client-id",
        demo.client_id(),
        "--environment",
        &stub.issuer(),
    ]);
    let ours = Program::start(&mut command);
    // All that it takes is had from here on.
    tokio::task::spawn_blocking(move || measure([&upstream.1, &plain.1, &ours.1]))
        .await
        .unwrap();
}

/// In turns, so that what else the machine does meets all alike.
fn measure(addresses: [&str; 3]) {
    let mut connections = addresses.map(Connection::open);
    let mut took = [const { Vec::new() }; 3];
    for round in 0..=ROUNDS {
        for (connection, took) in connections.iter_mut().zip(&mut took) {
            let began = Instant::now();
            for _ in 0..REQUESTS {
                connection.ask();
            }
            // The first round gets the token.
            if round > 0 {
                took.push(began.elapsed() / REQUESTS as u32);
            }
        }
    }
    let [direct, plain, ours] = took.map(|mut took| {
        took.sort();
        took[took.len() / 2]
    });
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!("median of {ROUNDS} rounds of {REQUESTS} requests, one after the other");
    println!("| to | µs a request |\n|---|---|");
    println!("| the API itself | {:.1} |", micros(direct));
    println!("| a plain reverse proxy | {:.1} |", micros(plain));
    println!("| `maskinporten proxy` | {:.1} |", micros(ours));
    println!(
        "{:+.1} %",
        (ours.as_secs_f64() / plain.as_secs_f64() - 1.0) * 100.0
    );
}

/// One that is kept.
struct Connection {
    stream: TcpStream,
    request: String,
    answer: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!("GET /small HTTP/1.1\r\nhost: {address}\r\naccept: */*\r\n\r\n");
        Self {
            stream,
            request,
            answer: vec![0; 4096],
        }
    }

    fn ask(&mut self) {
        self.stream.write_all(self.request.as_bytes()).unwrap();
        let mut read = 0;
        while !self.answer[..read].ends_with(&SMALL) {
            let more = self.stream.read(&mut self.answer[read..]).unwrap();
            assert!(more > 0);
            read += more;
        }
        assert!(
            self.answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&self.answer[..read])
        );
    }
}
