//! Tests that need a process of their own: for its memory, or for variables that only it is to see.

use std::{
    env, fs,
    io::{self, Write},
    process::{Command, Stdio},
};

/// Runs a test of this binary, which is ignored otherwise, in a process of its own. `name` is its whole path,
/// `variables` are its environment's, and `said` is what it is [`told`].
///
/// # Panics
///
/// When it fails, with what it printed.
pub async fn run(name: &'static str, variables: &[(&'static str, String)], said: String) {
    run_as(
        Command::new(env::current_exe().unwrap()),
        name,
        variables,
        said,
    )
    .await;
}

/// The same without a network but for a loopback interface of its own, where these files have these contents for it.
/// False when this machine does not let anybody do that.
///
/// # Panics
///
/// Like [`run`].
pub async fn run_cut_off(
    name: &'static str,
    files: &[(&'static str, &'static str)],
    variables: &[(&'static str, String)],
    said: String,
) -> bool {
    const UNSHARE: [&str; 3] = ["--map-root-user", "--net", "--mount"];
    let possible = Command::new("unshare")
        .args(UNSHARE)
        .args(["ip", "link", "set", "lo", "up"])
        .output();
    if !possible.is_ok_and(|output| output.status.success()) {
        return false;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut script = "set -e; ip link set lo up".to_owned();
    for (number, (path, contents)) in files.iter().enumerate() {
        let copy = directory.path().join(number.to_string());
        fs::write(&copy, contents).unwrap();
        script += &format!("; mount --bind {} {path}", copy.display());
    }
    let mut command = Command::new("unshare");
    command
        .args(UNSHARE)
        .args(["sh", "-c", &(script + r#"; exec "$0" "$@""#)])
        .arg(env::current_exe().unwrap());
    run_as(command, name, variables, said).await;
    true
}

async fn run_as(
    mut command: Command,
    name: &'static str,
    variables: &[(&'static str, String)],
    said: String,
) {
    let variables = variables.to_vec();
    let run = move || {
        let mut child = command
            .args(["--exact", name, "--ignored", "--nocapture"])
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(said.as_bytes()).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap()
    };
    // The runtime goes on meanwhile: what the other process talks to is here.
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let printed = format!("{}{}", text(&output.stdout), text(&output.stderr));
    // A test that does not exist fails nothing.
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
}

/// What whoever runs this process alone has to say, in lines; nothing when it is run by hand.
#[must_use]
pub fn told() -> Vec<String> {
    let said = io::read_to_string(io::stdin()).unwrap();
    said.lines().map(str::to_owned).collect()
}
