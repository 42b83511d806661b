//! What `SECURITY.md` names as tests is there.

use std::{collections::BTreeSet, path::Path};

#[test]
fn the_files_that_security_md_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let named = include_str!("../SECURITY.md").split('`').skip(1).step_by(2);
    let is_path = |name: &&str| name.contains('/') || name.ends_with(".toml");
    let named: BTreeSet<_> = named.filter(is_path).collect();
    assert!(named.len() > 20, "{named:?}");
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !root.join(name).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
