//! What the numbers were measured on, and with which versions.

use std::{fs, thread};

use toml::Value;

/// What is measured with or without the peers, by the names in `Cargo.lock`.
const ALWAYS: &[&str] = &["http", "tower-http"];

const PEERS: &[&str] = &[
    "google-cloud-auth",
    "kube-client",
    "azure_core",
    "yup-oauth2",
    "gcp_auth",
    "aws-smithy-runtime",
    "cf-gears-toolkit-auth",
];

/// Two lines about both.
pub fn described() -> String {
    let machine = format!(
        "{}, {} processors, Linux {}, {}",
        cpu(),
        thread::available_parallelism().map_or(1, usize::from),
        line("/proc/sys/kernel/osrelease"),
        env!("RUSTC_VERSION"),
    );
    format!("Machine: {machine}\n\nVersions: {}", versions().join(", "))
}

fn cpu() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map(|rest| rest.trim_start_matches([':', '\t', ' ']));
    model.unwrap_or("an unknown processor").to_owned()
}

fn line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("?").to_owned()
}

/// The versions that were built, which the lock file has: of those that it has several of, the one that this crate
/// itself depends on.
fn versions() -> Vec<String> {
    let lock: Value = toml::from_str(include_str!("../Cargo.lock")).expect("cargo wrote it");
    let packages = lock["package"].as_array().expect("it lists packages");
    let named = |name: &str| {
        packages
            .iter()
            .filter(move |package| package["name"].as_str() == Some(name))
            .collect::<Vec<_>>()
    };
    let own = named(env!("CARGO_PKG_NAME"));
    let dependencies: Vec<_> = own
        .iter()
        .filter_map(|package| package["dependencies"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let version = |name: &&str| {
        let versions = named(name)
            .into_iter()
            .filter_map(|package| package["version"].as_str());
        let versions: Vec<_> = versions.collect();
        let is_ours =
            |version: &&&str| dependencies.contains(&format!("{name} {version}").as_str());
        let version = versions.iter().find(is_ours).or(versions.first())?;
        Some(format!("{name} {version}"))
    };
    let peers = if cfg!(feature = "peers") { PEERS } else { &[] };
    ALWAYS.iter().chain(peers).filter_map(version).collect()
}

#[cfg(all(test, feature = "peers"))]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_measured_has_one_version() {
        assert_eq!(versions().len(), ALWAYS.len() + PEERS.len());
    }
}
