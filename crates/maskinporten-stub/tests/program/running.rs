//! The program as a child, and a small client.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
};

/// A running stub. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maskinporten-stub"));
    command.args(arguments).kill_on_drop(true);
    command
}

/// Runs it to its end, and gives its exit code and all it said.
pub(crate) async fn ended(arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(arguments).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

impl Program {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    pub(crate) async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().unwrap()
    }

    /// The base URL, from the first line.
    pub(crate) async fn base(&mut self) -> String {
        let line = self.line().await;
        line.strip_prefix("listening on ").unwrap().to_owned()
    }

    /// Sends a signal, and gives the exit code.
    pub(crate) async fn end(&mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().unwrap().to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(kill.await.unwrap().success());
        self.child.wait().await.unwrap().code()
    }
}

pub(crate) async fn get(base: &str, path: &str) -> (u16, Value) {
    let (status, body) = ask(base, "GET", path, None).await;
    (status, serde_json::from_str(&body).unwrap_or_default())
}

/// Posts a form.
pub(crate) async fn post_form(base: &str, path: &str, form: &str) -> (u16, String) {
    let address = base.split_once("://").unwrap().1;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    );
    answer_to(&mut stream, &request).await
}

pub(crate) async fn get_as(base: &str, path: &str, host: &str) -> u16 {
    ask(base, "GET", path, Some(host)).await.0
}

pub(crate) async fn post(base: &str, path: &str) -> u16 {
    ask(base, "POST", path, None).await.0
}

/// Asks, and does not read the answer.
pub(crate) async fn open(base: &str, path: &str) -> TcpStream {
    let address = base.split_once("://").unwrap().1;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    // Answered: the stub knows of it.
    stream.read_u8().await.unwrap();
    stream
}

async fn ask(base: &str, method: &str, path: &str, host: Option<&str>) -> (u16, String) {
    let address = base.split_once("://").unwrap().1;
    let mut stream = TcpStream::connect(address).await.unwrap();
    exchange(&mut stream, method, path, host.unwrap_or(address)).await
}

pub(crate) async fn exchange<S>(
    stream: &mut S,
    method: &str,
    path: &str,
    host: &str,
) -> (u16, String)
where
    S: AsyncReadExt + AsyncWriteExt + Unpin,
{
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    );
    answer_to(stream, &request).await
}

async fn answer_to<S>(stream: &mut S, request: &str) -> (u16, String)
where
    S: AsyncReadExt + AsyncWriteExt + Unpin,
{
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
