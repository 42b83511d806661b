//! C. What hostile answers cost: no more memory than a sensible answer may.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

use maskinporten::{HttpClient, TokenSource};
use tests::{
    alone, grant,
    raw::{Reply, Server, source},
};
use tokio::runtime::Builder;

/// What more memory an answer may take, in KiB.
const MORE: u64 = 1024;

/// Answers of 64 KiB, of megabytes, and without an end.
fn hostile() -> Vec<(&'static str, Reply)> {
    const JSON: &str = "Content-Type: application/json\r\n";
    const FILLING: &[u8] = &[b'a'; 64 << 10];
    let ok = |headers: &str, body: &str| {
        format!("HTTP/1.1 200 OK\r\n{JSON}{headers}\r\n{body}").into_bytes()
    };
    let begun = r#"{"access_token":""#;
    let with = |member: &str, value: String| {
        Reply::json(format!(
            r#"{{"access_token":"a","token_type":"Bearer",{member}:{value}}}"#
        ))
    };
    let chunk = b"10000\r\n".iter().chain(FILLING).chain(b"\r\n").copied();
    let chunk: &'static [u8] = chunk.collect::<Vec<_>>().leak();
    let refusal = format!("HTTP/1.1 400 No\r\n{JSON}\r\n{{\"error\":\"");
    vec![
        ("no end", Reply::Endless(ok("", begun), FILLING)),
        (
            "ten gibibytes",
            Reply::Endless(ok("Content-Length: 10737418240\r\n", begun), FILLING),
        ),
        (
            "chunks without an end",
            Reply::Endless(ok("Transfer-Encoding: chunked\r\n", ""), chunk),
        ),
        (
            "chunks of one byte",
            in_single_bytes(200, &format!("{begun}{}\"}}", "a".repeat(60_000))),
        ),
        (
            "a refusal in chunks of one byte",
            in_single_bytes(400, &"a".repeat(8_000)),
        ),
        (
            "a refusal without an end",
            Reply::Endless(refusal.into(), FILLING),
        ),
        (
            "a bomb",
            Reply::Endless(ok("Content-Encoding: gzip\r\n", "\u{1f}"), FILLING),
        ),
        (
            "a header without an end",
            Reply::Endless(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), FILLING),
        ),
        (
            "headers without an end",
            Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-More: 1\r\n"),
        ),
        ("a long token", Reply::token(&"a".repeat(1 << 20))),
        ("a million levels", Reply::json("[".repeat(1_000_000))),
        ("many levels", Reply::json("[".repeat(60_000))),
        (
            "a list for a token",
            with("\"access_token\"", format!("[{}0]", "0,".repeat(32_000))),
        ),
        (
            "a list for a lifetime",
            with("\"expires_in\"", format!("[{}0]", "0,".repeat(32_000))),
        ),
        (
            "lists for a lifetime",
            with("\"expires_in\"", format!("[{}0]", "[],".repeat(21_000))),
        ),
        (
            "an object for a lifetime",
            with(
                "\"expires_in\"",
                format!(
                    "{{{}\"\":0}}",
                    (0..6_000)
                        .map(|n| format!("\"{n}\":0,"))
                        .collect::<String>()
                ),
            ),
        ),
        (
            "a list beside",
            with("\"more\"", format!("[{}0]", "0,".repeat(32_000))),
        ),
    ]
}

/// A body that comes in as many chunks as it has bytes.
fn in_single_bytes(status: u16, body: &str) -> Reply {
    let head = "Content-Type: application/json\r\nTransfer-Encoding: chunked";
    let chunks = body.chars().map(|byte| format!("1\r\n{byte}\r\n"));
    let chunks: String = chunks.collect();
    Reply::Stay(format!("HTTP/1.1 {status} X\r\n{head}\r\n\r\n{chunks}0\r\n\r\n").into())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn c1_hostile_answers_take_at_most_a_mebibyte() {
    let good = Server::always(Reply::token("a")).await;
    for (what, reply) in hostile() {
        let server = Server::always(reply).await;
        // Each in a process of its own, which has no memory to spare from the one before.
        let said = format!("{}\n{}\n{what}\n", good.url(), server.url());
        alone::run("c_memory::alone_is_answered", &[], said).await;
        assert!(server.requests() >= 1);
    }
}

#[cfg(not(target_os = "linux"))]
#[test]
#[expect(clippy::print_stderr, reason = "what is skipped is said aloud")]
fn c1_hostile_answers_take_at_most_a_mebibyte() {
    eprintln!("SKIPPED: the memory of a process is only measured on Linux");
}

/// The most memory that this process has had since [`forget`], in KiB.
fn most() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Has all code and constants in memory, so that the first use of some is no part of what is measured.
fn read_in() {
    let (maps, memory) = ("/proc/self/maps", File::open("/proc/self/mem").unwrap());
    let mut page = vec![0; 4096];
    for line in fs::read_to_string(maps).unwrap().lines() {
        let [range, permissions, ..] = *line.split_whitespace().collect::<Vec<_>>() else {
            continue;
        };
        if !line.contains(" /") || !permissions.starts_with("r-") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|at| u64::from_str_radix(at, 16).unwrap());
        for at in (from..to).step_by(page.len()) {
            memory.read_exact_at(&mut page, at).unwrap();
        }
    }
}

/// Begins to measure anew, from what it has now.
fn forget() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

#[test]
#[ignore = "c1 runs it, in a process of its own"]
fn alone_is_answered() {
    let said = alone::told();
    let [good, hostile, what] = said.as_slice() else {
        assert!(said.is_empty());
        return;
    };
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let http = HttpClient::new().unwrap();
    let fetch = |url: &str| {
        let client = source(url, http.clone());
        runtime.block_on(async { client.fetch(&grant()).await.map(drop) })
    };
    // What a client needs anyway is no part of it.
    for _ in 0..10 {
        fetch(good).unwrap();
    }
    read_in();
    forget();
    let before = most();
    let outcome = fetch(hostile);
    let more = most() - before;
    assert!(more <= MORE, "{what}: {more} KiB; {outcome:?}");
}
