//! D. The look-up of names, in a process that is cut off from any network and has a name server of its own.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use maskinporten::{HttpClient, TokenSource};
use tests::{alone, clock::Clock, grant, raw::source};
use tokio::{net::UdpSocket, runtime::Builder};
use tower_maskinporten::Tokens;

use crate::{
    d_certificates::{authority, certificates_from, issued, issued_at, params},
    d_network::{BlackHole, chain},
};

const SECOND: Duration = Duration::from_secs(1);
const NAME_SERVER: &str = "127.0.0.53:53";
const FILES: [(&str, &str); 3] = [
    ("/etc/resolv.conf", "nameserver 127.0.0.53\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n"),
    ("/etc/nsswitch.conf", "hosts: files dns\n"),
];

/// Runs a test where names are what it makes them.
#[expect(clippy::print_stderr, reason = "what is skipped is said aloud")]
async fn with_names(test: &'static str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("authorities.pem");
    let path = path.to_str().unwrap().to_owned();
    let variables = certificates_from(&directory, path.clone());
    if !alone::run_cut_off(test, &FILES, &variables, path).await {
        eprintln!("SKIPPED: {test}: network namespaces are not to be had here");
    }
}

#[tokio::test]
async fn d1_names_that_cannot_be_looked_up_are_a_transient_error_within_three_seconds() {
    with_names("d_names::alone_asks_for_names").await;
}

#[tokio::test]
async fn d2_an_address_that_is_dead_is_passed_over_within_three_seconds() {
    with_names("d_names::alone_has_two_addresses").await;
}

/// What the name server says of every name.
#[derive(Clone)]
enum Names {
    /// An error, by its number: 2 is SERVFAIL, 3 is NXDOMAIN.
    Error(u8),
    Nothing,
    Addresses(Vec<Ipv4Addr>),
}

struct NameServer {
    names: Arc<Mutex<Names>>,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    async fn start() -> Self {
        let socket = UdpSocket::bind(NAME_SERVER).await.unwrap();
        let names = Arc::new(Mutex::new(Names::Nothing));
        let asked = Arc::<AtomicUsize>::default();
        let (says, counts) = (Arc::clone(&names), Arc::clone(&asked));
        tokio::spawn(async move {
            let mut query = [0; 512];
            loop {
                let (length, from) = socket.recv_from(&mut query).await.unwrap();
                counts.fetch_add(1, Ordering::SeqCst);
                let names = says.lock().unwrap().clone();
                if let Some(answer) = answer(&query[..length], &names) {
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        Self { names, asked }
    }

    fn say(&self, names: Names) {
        *self.names.lock().unwrap() = names;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// RFC 1035: the query, with flags set and records at its end.
fn answer(query: &[u8], names: &Names) -> Option<Vec<u8>> {
    // The question begins after twelve bytes, with a name, whose end is a zero.
    let name = query[12..].iter().position(|byte| *byte == 0)?;
    let question = &query[..12 + name + 5];
    let is_ipv4 = question[12 + name + 2] == 1;
    let (error, addresses) = match names {
        Names::Nothing => return None,
        Names::Error(error) => (*error, [].as_slice()),
        Names::Addresses(addresses) if is_ipv4 => (0, addresses.as_slice()),
        Names::Addresses(_) => (0, [].as_slice()),
    };
    let mut answer = question.to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80 | error]);
    answer[6..12].copy_from_slice(&[0, u8::try_from(addresses.len()).unwrap(), 0, 0, 0, 0]);
    for address in addresses {
        // The name of the question; type A, class IN, no time to live.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

/// Runs `test` with a certificate authority that is trusted, if there is a place for it.
fn alone(test: impl AsyncFnOnce(crate::d_certificates::Authority)) {
    let Some(path) = alone::told().pop() else {
        return;
    };
    let ours = authority("ours");
    fs::write(path, ours.pem()).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test(ours));
    // Look-ups that hang are not waited for.
    runtime.shutdown_background();
}

#[test]
#[ignore = "d1 runs it, in a process of its own"]
fn alone_asks_for_names() {
    alone(async |ours| {
        let names = NameServer::start().await;
        let (url, _) = issued(&ours, params("token.example", 2020, 2120)).await;
        let url = url.replace("127.0.0.1", "token.example");
        let tokens = Tokens::new(source(&url, HttpClient::new().unwrap()), grant());
        let clock = Clock::stop();
        for error in [2, 3] {
            names.say(Names::Error(error));
            let client = source(&url, HttpClient::new().unwrap());
            let error = client.fetch(&grant()).await.unwrap_err();
            assert_eq!((error.class(), error.is_transient()), ("transport", true));
            let causes = chain(&error);
            assert!(causes.contains("dns error"), "{causes}");
            let waiting = tokens.clone().with_cold_wait(Duration::ZERO);
            waiting.ready().await.unwrap_err();
            clock.landed(&tokens).await;
        }
        names.say(Names::Nothing);
        let client = source(&url, HttpClient::new().unwrap());
        let asked = names.asked();
        let fetch = tokio::spawn(async move { client.fetch(&grant()).await });
        // The look-up hangs, and this thread, the only one of the runtime, does not.
        clock.until(|| names.asked() > asked).await;
        clock.pass(SECOND * 3).await;
        clock.jump(SECOND / 10).await;
        // It is given up, though the system goes on looking.
        assert!(fetch.is_finished());
        assert!(fetch.await.unwrap().unwrap_err().is_transient());
        // All that was nothing but a pause.
        names.say(Names::Addresses(vec![Ipv4Addr::LOCALHOST]));
        clock.pass_for(&tokens, SECOND * 30).await;
        let waiting = tokens.with_cold_wait(Duration::ZERO);
        waiting.ready().await.unwrap();
    });
}

#[test]
#[ignore = "d2 runs it, in a process of its own"]
fn alone_has_two_addresses() {
    alone(async |ours| {
        let names = NameServer::start().await;
        let addresses = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)];
        // The system has an order of its own for them, so each is the dead one once.
        for (dead, good) in [(0, 1), (1, 0)].map(|(d, g)| (addresses[d], addresses[g])) {
            let (url, _) = issued_at(good, &ours, params("token.example", 2020, 2120)).await;
            let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
            let _hole = BlackHole::open(SocketAddr::from((dead, port.parse().unwrap()))).await;
            names.say(Names::Addresses(addresses.to_vec()));
            let url = format!("https://token.example:{port}/");
            let client = source(&url, HttpClient::new().unwrap());
            client.fetch(&grant()).await.unwrap();
        }
    });
}
