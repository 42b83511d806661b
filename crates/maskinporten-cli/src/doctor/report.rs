//! What was found, stage by stage.

use std::{fmt, time::SystemTime};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::failure::Failure;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// What is looked at, in this order. The numbers are what the program ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    Settings = 10,
    Key = 11,
    Clock = 12,
    Dns = 13,
    Tls = 14,
    Metadata = 15,
    Grant = 16,
    Scopes = 17,
    Exchange = 18,
    Api = 19,
}

impl Stage {
    pub(super) fn code(self) -> u8 {
        self as u8
    }
}

/// What one stage found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    is_good: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    pub(super) fn good(found: impl Into<String>) -> Self {
        Self {
            is_good: true,
            found: found.into(),
            fix: None,
        }
    }

    pub(super) fn bad(found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            is_good: false,
            found: found.into(),
            fix: Some(fix.into()),
        }
    }
}

/// All findings, and when they were made.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) now: SystemTime,
    findings: Vec<(Stage, Finding)>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            now: SystemTime::now(),
            findings: Vec::new(),
        }
    }
}

impl Report {
    /// Keeps them in the order of their stages: what time it is at the server is known late.
    pub(super) fn note(&mut self, (stage, finding): (Stage, Finding)) {
        let place = self.findings.partition_point(|(other, _)| *other <= stage);
        self.findings.insert(place, (stage, finding));
    }

    /// Notes how a stage ended, and gives what the next one needs.
    pub(super) fn take<T>(
        &mut self,
        stage: Stage,
        outcome: Result<(T, String), Finding>,
    ) -> Option<T> {
        match outcome {
            Ok((value, found)) => {
                self.note((stage, Finding::good(found)));
                Some(value)
            }
            Err(finding) => {
                self.note((stage, finding));
                None
            }
        }
    }

    /// The first stage that failed.
    pub(super) fn failed(&self) -> Option<Stage> {
        let mut failed = self.findings.iter().filter(|(_, finding)| !finding.is_good);
        failed.next().map(|(stage, _)| *stage)
    }

    pub(super) fn to_json(&self) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Line<'a> {
            stage: Stage,
            #[serde(flatten)]
            finding: &'a Finding,
        }
        let lines: Vec<_> = self
            .findings
            .iter()
            .map(|(stage, finding)| Line {
                stage: *stage,
                finding,
            })
            .collect();
        let report = serde_json::json!({ "failed": self.failed(), "findings": lines });
        Ok(report.to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (stage, finding)) in self.findings.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            let (style, mark) = if finding.is_good {
                (GOOD, "ok  ")
            } else {
                (BAD, "FAIL")
            };
            let stage = format!("{stage:?}").to_lowercase();
            write!(f, "{style}{mark}{style:#} {stage:8}  {}", finding.found)?;
            if let Some(fix) = &finding.fix {
                write!(f, "\n               to mend it: {fix}")?;
            }
        }
        Ok(())
    }
}
