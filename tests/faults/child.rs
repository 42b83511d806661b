//! Processes of our own that are stopped, told to end, or killed: this program once more, with one of the tests that are
//! ignored otherwise, which then does as its parent says on its input.

use std::{
    io::{self, BufRead, BufReader, Write},
    process::{ChildStdin, Command, Stdio},
    thread,
    time::Duration,
};

use maskinporten::{
    AltinnExchange, AltinnPlatform, ClientKey, Environment, Grant, HttpClient, Maskinporten, Retry,
};
use maskinporten_stub::Stub;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};
use tower_maskinporten::Tokens;

/// What a child says begins with this, because the harness says things too.
const MARK: &str = "child: ";
/// An argument that the harness takes for the name of a test, and that tells a child that it is one.
const IS_CHILD: &str = "with_orders_on_its_input";
/// Nothing takes this long, however slow the machine.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// A process that is killed with its handle.
pub(crate) struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: mpsc::UnboundedReceiver<String>,
}

impl Child {
    /// Runs `test` of this program in a process of its own, and tells it where its Maskinporten is.
    pub(crate) fn start(test: &str, orders: &Value) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, IS_CHILD])
            .args(["--ignored", "--nocapture", "--test-threads=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (said, output) = mpsc::unbounded_channel();
        // Ends with the child.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(what) = line.strip_prefix(MARK) {
                    let _ = said.send(what.to_owned());
                }
            }
        });
        let mut child = Self {
            process,
            input,
            output,
        };
        child.tell(&orders.to_string());
        child
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        self.input.flush().unwrap();
    }

    /// The next thing that the child says; `None` when it has ended.
    pub(crate) async fn says(&mut self) -> Option<String> {
        let said = timeout(BOUND, self.output.recv()).await;
        said.expect("the child says something or ends")
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Stops it, and returns when it stands still.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED)
            .unwrap()
            .unwrap();
        assert!(status.stopped());
    }

    /// Waits for its end. True when it ended by itself and well.
    pub(crate) async fn ended_well(mut self) -> bool {
        while self.says().await.is_some() {}
        self.process.wait().unwrap().success()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a child needs to be the demo client of `stub`, with a token endpoint that may be another.
pub(crate) fn orders(stub: &Stub, token_endpoint: &str) -> Value {
    let demo = stub.demo_client();
    json!({
        "issuer": stub.issuer(),
        "token_endpoint": token_endpoint,
        "platform": stub.base_url(),
        "client_id": demo.client_id(),
        "jwk": demo.private_jwk(),
    })
}

/// In the child: what the parent says, line by line. Nothing when there is no parent.
pub(crate) fn hear() -> Option<String> {
    if !std::env::args().any(|argument| argument == IS_CHILD) {
        return None;
    }
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line).unwrap();
    (read > 0).then(|| line.trim_end().to_owned())
}

/// In the child: tells the parent. Not what is captured of tests.
pub(crate) fn say(what: &str) {
    let mut stdout = io::stdout().lock();
    // The harness has begun a line, perhaps.
    write!(stdout, "\n{MARK}{what}\n").unwrap();
    stdout.flush().unwrap();
}

/// In the child: the tokens of the client that the parent has spoken of.
pub(crate) fn tokens(orders: &str) -> Tokens {
    let orders: Value = serde_json::from_str(orders).unwrap();
    let text = |name: &str| orders[name].as_str().unwrap();
    let environment = Environment::custom(text("issuer"), text("token_endpoint")).unwrap();
    let key = ClientKey::from_jwk(text("jwk")).unwrap();
    let http = HttpClient::new().unwrap();
    let source = Maskinporten::new(environment, text("client_id"), key, http.clone());
    let platform = AltinnPlatform::custom(text("platform")).unwrap();
    let source = AltinnExchange::new(Retry::new(source), &platform, http);
    Tokens::new(source, grant())
}

pub(crate) fn grant() -> Grant {
    tests::grant()
}
