//! Where a client's keys come from.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{CertificateAuthority, Client};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::secret_file;

/// Any of three, or none for a client with a certificate.
#[derive(Debug, Default, Deserialize)]
pub(super) struct KeySource {
    /// A JWKS, public halves only.
    jwks: Option<Value>,
    /// A file with one.
    jwks_file: Option<PathBuf>,
    /// A file with a private JWK, which is made when it is not there.
    generated_key_file: Option<PathBuf>,
    /// An enterprise certificate, which is issued at each start.
    generated_certificate: Option<CertificateFile>,
}

/// A PKCS#12 file with a private key, its certificate and those above it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateFile {
    file: PathBuf,
    password: String,
}

impl KeySource {
    pub(super) fn public_jwks(&self, directory: &Path) -> Result<Vec<String>, Box<dyn Error>> {
        let mut keys = Vec::new();
        if let Some(jwks) = &self.jwks {
            keys.extend(members(jwks)?);
        }
        if let Some(file) = &self.jwks_file {
            let text = fs::read_to_string(directory.join(file))
                .map_err(|error| format!("{}: {error}", file.display()))?;
            keys.extend(members(&serde_json::from_str(&text)?)?);
        }
        if let Some(file) = &self.generated_key_file {
            let public = own_key(&directory.join(file))
                .map_err(|error| format!("{}: {error}", file.display()))?;
            keys.push(public);
        }
        Ok(keys)
    }

    pub(super) fn has_certificate(&self) -> bool {
        self.generated_certificate.is_some()
    }

    /// Has a certificate issued to the organisation, if one is wanted, and writes it.
    pub(super) fn issue(
        &self,
        authority: &CertificateAuthority,
        organisation: &str,
        directory: &Path,
    ) -> Result<(), Box<dyn Error>> {
        if let Some(CertificateFile { file, password }) = &self.generated_certificate {
            let certificate = authority.issue(organisation)?.pkcs12(password)?;
            secret_file::write(&directory.join(file), &certificate)
                .map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(())
    }
}

fn members(jwks: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    let keys = jwks.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or("a JWKS is an object with a list `keys`")?;
    Ok(keys.iter().map(Value::to_string).collect())
}

/// The public half of the key in the file.
fn own_key(path: &Path) -> Result<String, Box<dyn Error>> {
    let private = match fs::read_to_string(path) {
        Ok(private) => private,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            let made = Client::generate("", "")?;
            let private = made.private_jwk().unwrap_or_default().to_owned();
            secret_file::write(path, private.as_bytes())?;
            private
        }
        Err(error) => return Err(error.into()),
    };
    let mut public: Map<String, Value> = serde_json::from_str(&private)?;
    let registered = ["kty", "use", "alg", "kid", "n", "e"];
    public.retain(|name, _value| registered.contains(&name.as_str()));
    Ok(Value::Object(public).to_string())
}
