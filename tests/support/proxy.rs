//! A network that is slow, lossy, or down: a TCP proxy on loopback, between a client and the stub.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use maskinporten_stub::Stub;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// What becomes of what goes through the proxy, from now on and on all connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weather {
    /// It is passed on.
    Fair,
    /// Answers come this much later.
    Late(Duration),
    /// Answers come at this many bytes a second.
    Slow(u32),
    /// Connections are reset (RST) as soon as there is an answer.
    Reset,
    /// This many bytes of an answer come, and then the connection ends (FIN).
    Cut(usize),
    /// Connections are accepted, and nothing comes through until it clears up.
    Silent,
}

#[derive(Clone, Copy, Debug)]
struct State {
    upstream: Option<SocketAddr>,
    weather: Weather,
    /// Connections with a lower number are dead, though nobody has told the client.
    lost: usize,
    /// Connections with a lower number are ended.
    closed: usize,
    accepted: usize,
}

/// A TCP proxy, which goes down when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    server: JoinHandle<()>,
}

impl Proxy {
    /// Starts a stub that is reached through a proxy, and by its address only.
    pub async fn before_stub() -> (Self, Stub) {
        let proxy = Self::start().await;
        let stub = Stub::builder().public_url(proxy.url()).start().await;
        let stub = stub.unwrap();
        proxy
            .state
            .send_modify(|state| state.upstream = Some(stub.address()));
        (proxy, stub)
    }

    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(watch::Sender::new(State {
            upstream: None,
            weather: Weather::Fair,
            lost: 0,
            closed: 0,
            accepted: 0,
        }));
        Self {
            address: listener.local_addr().unwrap(),
            server: tokio::spawn(serve(listener, Arc::clone(&state))),
            state,
        }
    }

    /// Its base URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the weather.
    pub fn set(&self, weather: Weather) {
        self.state.send_modify(|state| state.weather = weather);
    }

    /// Loses all connections there are: nothing comes through them any more, and nobody is told.
    pub fn lose_connections(&self) {
        self.state.send_modify(|state| state.lost = state.accepted);
    }

    /// Ends all connections there are, as servers do with idle ones (FIN).
    pub fn close_connections(&self) {
        self.state
            .send_modify(|state| state.closed = state.accepted);
    }

    /// How many connections there have been.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.borrow().accepted
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<watch::Sender<State>>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let number = state.borrow().accepted;
        state.send_modify(|state| state.accepted += 1);
        let watched = state.subscribe();
        tokio::spawn(async move {
            // What breaks here is what the proxy is for.
            let _ = carry(
                client,
                Gate {
                    number,
                    state: watched,
                },
            )
            .await;
        });
    }
}

async fn carry(mut client: TcpStream, gate: Gate) -> io::Result<()> {
    let upstream = gate
        .state
        .borrow()
        .upstream
        .ok_or(io::ErrorKind::NotConnected)?;
    let mut server = TcpStream::connect(upstream).await?;
    let (mut requests, mut answers) = (gate.clone(), gate.clone());
    let is_over = gate.is_closed();
    {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            over = pass_on_requests(from_client, to_server, &mut requests) => over?,
            over = pass_on_answers(from_server, to_client, &mut answers) => over?,
            () = is_over => {}
        }
    }
    if gate.state.borrow().weather == Weather::Reset {
        client.set_zero_linger()?;
    }
    Ok(())
}

async fn pass_on_requests(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    gate: &mut Gate,
) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let length = from.read(&mut bytes).await?;
        gate.open().await;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&bytes[..length]).await?;
    }
}

async fn pass_on_answers(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    gate: &mut Gate,
) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let length = from.read(&mut bytes).await?;
        let answer = &bytes[..length];
        match gate.open().await {
            _ if length == 0 => return Ok(()),
            Weather::Fair | Weather::Silent => to.write_all(answer).await?,
            Weather::Late(by) => {
                sleep(by).await;
                to.write_all(answer).await?;
            }
            Weather::Slow(bytes_per_second) => {
                for byte in answer {
                    to.write_all(&[*byte]).await?;
                    sleep(Duration::from_secs(1) / bytes_per_second).await;
                }
            }
            Weather::Reset => return Ok(()),
            Weather::Cut(at) => {
                to.write_all(&answer[..at.min(length)]).await?;
                return to.shutdown().await;
            }
        }
    }
}

/// What one connection sees of the weather.
#[derive(Clone)]
struct Gate {
    number: usize,
    state: watch::Receiver<State>,
}

impl Gate {
    /// Waits until something may come through, and says in what weather.
    async fn open(&mut self) -> Weather {
        let number = self.number;
        let open = |state: &State| state.weather != Weather::Silent && state.lost <= number;
        let weather = self.state.wait_for(open).await.map(|state| state.weather);
        match weather {
            Ok(weather) => weather,
            Err(_) => std::future::pending().await,
        }
    }

    fn is_closed(&self) -> impl Future<Output = ()> + use<> {
        let (number, mut state) = (self.number, self.state.clone());
        async move {
            let _ = state.wait_for(|state| state.closed > number).await;
        }
    }
}
