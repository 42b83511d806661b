//! A place to work at: the program, a directory, and the stub.

use std::{
    fs::File,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use maskinporten_stub::{Client, Stub};
use tempfile::TempDir;

pub(crate) const ORGANISATION: &str = "991825827";

/// A directory with an admin client's key, and the stub that knows it.
pub(crate) struct Desk {
    pub(crate) stub: Stub,
    pub(crate) directory: TempDir,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let stub = Stub::start().await.unwrap();
        let admin = Client::generate("admin", ORGANISATION).unwrap();
        let admin = admin.scopes("idporten:dcr.write");
        let directory = TempDir::new().unwrap();
        let desk = Self { stub, directory };
        desk.keep("admin.jwk", admin.private_jwk().unwrap());
        desk.stub.register(admin);
        desk
    }

    /// Writes a file that nobody else may read.
    pub(crate) fn keep(&self, file: &str, content: impl AsRef<[u8]>) {
        let mut options = File::options();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(self.path(file)).unwrap();
        file.write_all(content.as_ref()).unwrap();
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    /// The program with these arguments, in words; `{…}` are places of this desk.
    pub(crate) fn command(&self, line: &str) -> Command {
        let words = line.split_whitespace().map(|word| {
            word.replace("{issuer}", &self.stub.issuer())
                .replace("{stub}", self.stub.base_url())
                .replace("{dir}", self.directory.path().to_str().unwrap())
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_maskinporten"));
        command
            .env_clear()
            .env("ALTINN_JWK_STORE", self.directory.path())
            .stdin(Stdio::null())
            .args(words);
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    pub(crate) fn said(&self, line: &str) -> String {
        let output = self.run(line);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {complaint}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }
}

/// What the admin client is known by, in arguments.
pub(crate) const ADMIN: &str =
    "--client-id admin --key {dir}/admin.jwk --environment {issuer} --api {stub}/api/v1";
