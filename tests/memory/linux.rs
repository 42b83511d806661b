//! The test, and the processes that it starts.

use std::{
    env, fs,
    io::{self, BufRead, Write},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tests::forms::Forms;
use zeroize::Zeroizing;

use crate::{
    forms::{self, Form},
    search::{Found, Search, masked},
};

/// How much a process has at the least that can be looked at, in bytes.
const LEAST: u64 = 1 << 20;

#[test]
#[expect(
    clippy::print_stderr,
    reason = "what others leave is to be known, although nothing here can be done about it"
)]
fn k4_no_copy_of_a_private_key_is_left_in_memory() {
    let key = Forms::generate();
    let masked = masked(&key.numbers()).to_string();
    let mut left = Vec::new();
    for form in forms::all() {
        let seen = seen(&form, &key, &masked);
        let found = |when: &str| -> Found { serde_json::from_value(seen[when].clone()).unwrap() };
        let (name, none) = (form.name, Found::new());
        // A search that found nothing would prove nothing.
        assert!(seen["looked_at"].as_u64().unwrap() > LEAST, "{name}");
        assert_eq!(found("before"), none, "{name}: the search finds itself");
        assert_eq!(seen["missed"], json!([]), "{name}: copies that were kept");
        let mut held = found("held");
        let limbs: Found = held
            .extract_if(.., |form, _| form.ends_with(" as limbs"))
            .collect();
        if seen["is_held"] == true {
            let finds = |form| limbs.get(form).is_some_and(|pieces| *pieces > 0);
            let is_found = finds("p as limbs") && finds("q as limbs");
            assert!(is_found, "{name}: aws-lc's own copy: {limbs:?}");
        }
        let (after, dead_stack) = (found("after"), found("dead_stack"));
        if let Some(why) = form.left_by {
            eprintln!(
                "{name}: {held:?} when it was read, and {after:?} in the end, are left by {why}"
            );
        } else if held != none || after != none {
            left.push(format!(
                "{name}: {held:?} when it was read, {after:?} in the end"
            ));
        } else if dead_stack != none {
            eprintln!("{name}: {dead_stack:?} on the dead part of the stack");
        }
    }
    assert_eq!(forms::all().count(), 47);
    assert!(left.is_empty(), "copies are left:\n{}", left.join("\n"));
}

/// What a process of its own has seen.
fn seen(form: &Form, key: &Forms, masked: &str) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("mount")).unwrap();
    fs::write(at("mount").join(form.file), (form.make)(key)).unwrap();
    fs::write(at("pieces"), masked).unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "linux::child", "--ignored", "--test-threads=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}\n{}", directory.path().display(), form.name).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {said}", form.name);
    serde_json::from_slice(&fs::read(at("seen")).unwrap()).unwrap()
}

/// Loads a key as it is told, and looks for it before, while it is there and afterwards.
#[test]
#[ignore = "a process that the test beside it starts"]
fn child() {
    let mut lines = io::stdin().lock().lines().map_while(Result::ok);
    // Whoever asks for all tests that are ignored tells nothing.
    let (Some(directory), Some(name)) = (lines.next(), lines.next()) else {
        return;
    };
    let directory = Path::new(&directory);
    let form = forms::all().find(|form| form.name == name).unwrap();
    let pieces = fs::read(directory.join("pieces")).unwrap();
    let search = Search::read(&serde_json::from_slice(&pieces).unwrap());
    let path = directory.join("mount").join(form.file);

    let before = search.look();
    let key = (form.load)(&path);
    let is_held = key.is_some();
    let held = search.look();
    if let Some(use_and_drop) = key {
        use_and_drop();
    }
    let after = search.look();
    // What is there is found, each piece of it.
    let copy = Zeroizing::new(search.unmasked());
    let missed = search.look().found;
    drop(copy);
    let seen = json!({
        "looked_at": before.looked_at,
        "before": before.found,
        "is_held": is_held,
        "held": held.found,
        "after": after.found,
        "dead_stack": after.dead_stack,
        "missed": search.missed(&missed),
    });
    fs::write(directory.join("seen"), seen.to_string()).unwrap();
}
