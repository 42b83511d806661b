//! A server that answers with the bytes it is told to, however bad.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use maskinporten::{
    Algorithm, BoxError, BoxFuture, Environment, HttpClient, Maskinporten, Retry, Signer,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep},
};

/// What a request is answered with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// These bytes. The connection stays open.
    Stay(Vec<u8>),
    /// These bytes, and the end of the connection (FIN).
    End(Vec<u8>),
    /// These bytes, and a reset (RST).
    Reset(Vec<u8>),
    /// These bytes, one a second.
    Drip(Vec<u8>),
    /// The first bytes, and then the others again and again.
    Endless(Vec<u8>, &'static [u8]),
}

impl Reply {
    /// 200 with JSON.
    #[must_use]
    pub fn json(body: impl AsRef<[u8]>) -> Self {
        Self::with(200, "Content-Type: application/json\r\n", body)
    }

    /// The token `text`, for two minutes.
    #[must_use]
    pub fn token(text: &str) -> Self {
        Self::json(format!(
            r#"{{"access_token":"{text}","token_type":"Bearer","expires_in":120}}"#
        ))
    }

    /// A whole answer with these headers, each with its line break.
    #[must_use]
    pub fn with(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n");
        Self::Stay([head.as_bytes(), body].concat())
    }

    async fn send(&self, connection: &mut TcpStream) -> io::Result<()> {
        match self {
            Self::Stay(bytes) | Self::End(bytes) | Self::Reset(bytes) => {
                connection.write_all(bytes).await
            }
            Self::Drip(bytes) => {
                for byte in bytes {
                    connection.write_all(&[*byte]).await?;
                    sleep(Duration::from_secs(1)).await;
                }
                Ok(())
            }
            Self::Endless(first, more) => {
                connection.write_all(first).await?;
                loop {
                    connection.write_all(more).await?;
                }
            }
        }
    }
}

/// A request as it came in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked {
    /// Which connection it came on, counted from 1.
    pub connection: usize,
    /// The request line and the headers.
    pub head: String,
    /// The form.
    pub body: String,
    /// When.
    pub at: Instant,
}

impl Asked {
    /// The identifier of the assertion.
    #[must_use]
    pub fn jti(&self) -> String {
        let claims = self.body.split('.').nth(1).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        claims["jti"].as_str().unwrap().to_owned()
    }
}

/// The server, which stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers the n-th request, counted from 1, as `reply` says.
    pub async fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (log, connections, reply) = (asked.clone(), AtomicUsize::new(0), Arc::new(reply));
        let task = tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let number = connections.fetch_add(1, Ordering::Relaxed) + 1;
                let (log, reply) = (log.clone(), Arc::clone(&reply));
                tokio::spawn(async move {
                    // A client that has had enough is none of our errors.
                    let _ = serve(connection, number, &log, &*reply).await;
                });
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    /// Answers all requests in the same way.
    pub async fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    /// Its base URL, with a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What it has been asked.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often it has been asked.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// A source that takes it for Maskinporten.
    #[must_use]
    pub fn source(&self) -> Retry<Maskinporten<HttpClient>> {
        Retry::new(source(&self.url(), HttpClient::new().unwrap()))
    }
}

/// A source that takes whoever is at this base URL for Maskinporten, and tries nothing again.
#[must_use]
pub fn source(url: &str, http: HttpClient) -> Maskinporten<HttpClient> {
    let environment = Environment::custom(url, &format!("{url}token")).unwrap();
    Maskinporten::new(environment, "a-client", Unsigned, http)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    connection: TcpStream,
    number: usize,
    log: &Mutex<Vec<Asked>>,
    reply: &(dyn Fn(usize) -> Reply + Send + Sync),
) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if connection.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.trim().parse().unwrap());
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await?;
        let n = {
            let mut log = log.lock().unwrap();
            log.push(Asked {
                connection: number,
                head,
                body: String::from_utf8(body).unwrap(),
                at: Instant::now(),
            });
            log.len()
        };
        let reply = reply(n);
        reply.send(connection.get_mut()).await?;
        match reply {
            Reply::End(_) => return connection.get_mut().shutdown().await,
            Reply::Reset(_) => return connection.get_mut().set_zero_linger(),
            Reply::Stay(_) | Reply::Drip(_) | Reply::Endless(..) => {}
        }
    }
}

/// A key that signs nothing: a server of these verifies nothing.
struct Unsigned;

impl Signer for Unsigned {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("a-kid")
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(b"signature".to_vec()) })
    }
}
