//! Where settings are read from.

use std::{env, fmt, path::PathBuf};

use zeroize::Zeroizing;

use super::{
    DEFAULT_SECTION, Settings, SettingsError, files::Files, merged::Merged, unread::Unread,
    variables::Variable,
};

/// Collects the sources of [`Settings`]. Each overrides those before it, member by member.
///
/// ```no_run
/// use maskinporten::Settings;
///
/// let settings = Settings::builder()
///     .section("Clients:Archive")
///     .json_file("appsettings.json")
///     .optional_json_file("appsettings.Development.json")
///     .env()
///     .build()?;
/// # Ok::<(), maskinporten::SettingsError>(())
/// ```
#[must_use = "settings are read by `build` or `watch`"]
pub struct SettingsBuilder {
    section: String,
    sources: Vec<Unread>,
}

impl SettingsBuilder {
    pub(super) fn new() -> Self {
        Self {
            section: DEFAULT_SECTION.to_owned(),
            sources: Vec::new(),
        }
    }

    /// Reads another section than `MaskinportenSettings`, for programs that have a section for each client. `:` steps
    /// into a section, as in `Clients:Prod`. The variables that NAIS sets belong to no section; they are read only
    /// together with `MaskinportenSettings`.
    pub fn section(mut self, section: &str) -> Self {
        section.clone_into(&mut self.section);
        self
    }

    /// Reads a JSON file of at most 1 MiB, which must exist.
    pub fn json_file(self, path: impl Into<PathBuf>) -> Self {
        self.source(Unread::File {
            path: path.into(),
            optional: false,
        })
    }

    /// Reads a JSON file if it exists.
    pub fn optional_json_file(self, path: impl Into<PathBuf>) -> Self {
        self.source(Unread::File {
            path: path.into(),
            optional: true,
        })
    }

    /// Reads a directory that a secret is mounted at, which must exist: each file in it that is called as a variable is
    /// (`MASKINPORTEN_CLIENT_ID`, `MaskinportenSettings__ClientId`) is that variable, of at most 64 KiB, and each whose
    /// name ends in `.json` is a JSON file. The variables override the JSON files, and of those the later in the
    /// alphabet the earlier. What else is there is not read.
    ///
    /// ```no_run
    /// use maskinporten::Settings;
    ///
    /// let settings = Settings::builder()
    ///     .directory("/var/run/secrets/nais.io/maskinporten")
    ///     .build()?;
    /// # Ok::<(), maskinporten::SettingsError>(())
    /// ```
    pub fn directory(self, path: impl Into<PathBuf>) -> Self {
        self.source(Unread::Directory {
            path: path.into(),
            optional: false,
        })
    }

    /// Reads a directory that a secret is mounted at, if it exists.
    pub fn optional_directory(self, path: impl Into<PathBuf>) -> Self {
        self.source(Unread::Directory {
            path: path.into(),
            optional: true,
        })
    }

    /// Reads JSON from elsewhere. `name` is how errors and origins call it.
    ///
    /// ```
    /// use maskinporten::Settings;
    ///
    /// let fetched = r#"{"MaskinportenSettings":{"ClientId":"0f1e2d3c","Clientid":"4b5a4968"}}"#;
    /// let error = Settings::builder().json("the vault", fetched).build().unwrap_err();
    /// assert!(error.to_string().contains("`ClientId` (the vault)"));
    /// ```
    pub fn json(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.source(Unread::Json {
            name: name.into(),
            text: Zeroizing::new(text.into()),
        })
    }

    /// Reads the variables of this process. Those that are not Unicode are left out.
    pub fn env(self) -> Self {
        self.vars(env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// Reads variables from elsewhere, as pairs of name and value.
    pub fn vars<N, V>(self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let variables = variables.into_iter().map(|(name, value)| {
            let name = name.into();
            Variable {
                origin: format!("variable {name}"),
                name,
                value: Zeroizing::new(value.into()),
            }
        });
        self.source(Unread::Variables(variables.collect()))
    }

    fn source(mut self, source: Unread) -> Self {
        self.sources.push(source);
        self
    }

    /// Reads all sources and checks everything in them, so that what is wrong shows at start-up. Files are read here,
    /// which blocks.
    ///
    /// The file that `KeyPath` or `CertificatePkcs12Path` names is looked at again while tokens are fetched, as by
    /// [`KeyRing::from_file`](crate::KeyRing::from_file). What else changes is seen by [`watch`](Self::watch).
    ///
    /// # Errors
    ///
    /// When a source cannot be read, when there is no client id, private key, scope or environment, when a value is
    /// not what its member takes, or when sources contradict each other about who the client is or which Maskinporten
    /// is meant. The error names members and where they came from, and never a value.
    pub fn build(self) -> Result<Settings, SettingsError> {
        let mut settings = self.read(&mut Files::default())?;
        settings.keys.follow_file()?;
        Ok(settings)
    }

    /// Reads all sources, and notes in `files` what was read from where.
    pub(super) fn read(&self, files: &mut Files) -> Result<Settings, SettingsError> {
        let mut merged = Merged::new(&self.section);
        for unread in &self.sources {
            for source in unread.read(&self.section, files)? {
                merged.add(source)?;
            }
        }
        for unknown in &merged.unknown {
            tracing::warn!("{unknown} is no setting: is it misspelt?");
        }
        Settings::read(&merged, files)
    }
}

impl fmt::Debug for SettingsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsBuilder")
            .field("section", &self.section)
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}
