//! Every row of the fault matrix has a test that is named by it, or a line in `README.md` that says why not.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The groups, and how many rows each has. Group I, the cache that a fleet shares, has nothing to be tested on yet.
const GROUPS: [(char, u32); 10] = [
    ('a', 9),
    ('b', 14),
    ('c', 17),
    ('d', 10),
    ('e', 9),
    ('f', 12),
    ('g', 11),
    ('h', 15),
    ('j', 5),
    ('k', 10),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rows at the beginning of a test's name: `e4_e5_the_clocks` has two.
fn rows(name: &str) -> impl Iterator<Item = String> {
    let known = |part: &&str| {
        let mut characters = part.chars();
        let group = characters.next();
        let number = characters.as_str().parse::<u32>().ok();
        GROUPS.iter().any(|(letter, count)| {
            group == Some(*letter) && number.is_some_and(|number| (1..=*count).contains(&number))
        })
    };
    let parts = name.split('_').take_while(known).map(str::to_owned);
    parts.collect::<Vec<_>>().into_iter()
}

/// The rows that tests are named by.
fn tested() -> BTreeSet<String> {
    let mut files = Vec::new();
    for directory in ["crates", "tests"] {
        sources(&root().join(directory), &mut files);
    }
    let mut tested = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ");
            if let Some(name) = name {
                if is_test {
                    tested.extend(rows(name.split('(').next().unwrap()));
                }
                is_test = false;
            } else if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            }
        }
    }
    tested
}

/// The rows of the table in `README.md` with what it says of each.
fn excused() -> BTreeMap<String, String> {
    let readme = fs::read_to_string(root().join("tests/README.md")).unwrap();
    let table = readme.split("## Rows without a test").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let cells = table.lines().filter_map(|line| {
        let (row, why) = line.strip_prefix("| ")?.split_once(" | ")?;
        let row = row.to_lowercase();
        let is_row = rows(&row).next().is_some();
        is_row.then(|| (row, why.to_owned()))
    });
    cells.collect()
}

#[test]
fn every_row_is_tested_or_has_a_reason_not_to_be() {
    let (tested, excused) = (tested(), excused());
    let mut wrong = Vec::new();
    for (letter, count) in GROUPS {
        for number in 1..=count {
            let row = format!("{letter}{number}");
            match (tested.contains(&row), excused.get(&row)) {
                (true, None) => {}
                (false, Some(why)) if why.len() > 10 => {}
                (true, Some(_)) => wrong.push(format!("{row} is tested, and said not to be")),
                (false, _) => wrong.push(format!("{row} is not tested")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
