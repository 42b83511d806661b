//! A package in a directory of its own, built from nothing.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use super::subject::Subject;

/// Where our crates are.
const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A package that was written down, with all that it depends on downloaded.
pub(super) struct Project {
    directory: PathBuf,
    package: &'static str,
}

/// What building it took, and what came of it.
pub(super) struct Built {
    /// Name and version of each crate but the program itself.
    pub(super) crates: BTreeSet<String>,
    /// Seconds.
    pub(super) wall: f64,
    /// Seconds, of all compilers together.
    pub(super) cpu: f64,
    bytes: u64,
}

impl Project {
    pub(super) fn create(parent: &Path, subject: &Subject) -> Result<Self, String> {
        let directory = parent.join(subject.package);
        let dependencies = subject.dependencies.join("\n").replace("{crates}", CRATES);
        // A workspace of its own, wherever the directory is.
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[profile.release]\nstrip = true\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}\n",
            subject.package
        );
        let written = fs::create_dir_all(directory.join("src"))
            .and_then(|()| fs::write(directory.join("Cargo.toml"), manifest))
            .and_then(|()| fs::write(directory.join("src/main.rs"), subject.main));
        written.map_err(|error| error.to_string())?;
        let project = Self {
            directory,
            package: subject.package,
        };
        project.cargo(&["fetch"])?;
        Ok(project)
    }

    pub(super) fn build(&self) -> Result<Built, String> {
        let tree = self.cargo(&["tree", "--edges", "normal", "--prefix", "none", "--offline"])?;
        // A crate is named once for each that depends on it, and has a mark from the second time on.
        let crates = tree.lines().skip(1).filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        });
        let crates = crates.collect();
        let (begun, before) = (Instant::now(), cpu_of_children());
        self.cargo(&["build", "--release", "--locked", "--offline"])?;
        let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu_of_children() - before);
        let target = self.directory.join("target");
        let program = target.join("release").join(self.package);
        let program = program.with_extension(env::consts::EXE_EXTENSION);
        let metadata = fs::metadata(program).map_err(|error| error.to_string())?;
        // The next build needs the space.
        let _ = fs::remove_dir_all(target);
        Ok(Built {
            crates,
            wall,
            cpu,
            bytes: metadata.len(),
        })
    }

    /// Runs cargo there, unmoved by how this program was built, and gives what it printed.
    fn cargo(&self, arguments: &[&str]) -> Result<String, String> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(arguments)
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", self.directory.join("target"))
            .env_remove("RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER")
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        let error = complaint.lines().find(|line| line.starts_with("error"));
        let command = arguments.first().unwrap_or(&"");
        Err(format!("cargo {command}: {}", error.unwrap_or("it failed")))
    }
}

impl Built {
    /// How many of its crates the other has not.
    pub(super) fn beyond(&self, other: &Self) -> usize {
        self.crates.difference(&other.crates).count()
    }

    pub(super) fn kib(&self) -> f64 {
        self.bytes as f64 / 1024.0
    }
}

/// The CPU time of processes that were started here and have ended, in seconds. Zero where the system does not tell.
fn cpu_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    // Linux counts a hundred ticks a second.
    let ticks = after_name.split_ascii_whitespace().skip(13).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}
