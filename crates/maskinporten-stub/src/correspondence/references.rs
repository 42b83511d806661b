//! References to other things: cases in apps, dialogs, transmissions.

use serde::Serialize;
use uuid::Uuid;

use super::{body, problem::Problem, raw::RawReference, validation::Findings};

const KEY: &str = "Correspondence.ExternalReferences";
const MAX: usize = 10;

/// The types, in the order of their numbers.
const TYPES: [&str; 7] = [
    "Generic",
    "AltinnAppInstance",
    "AltinnBrokerFileTransfer",
    DIALOG,
    "DialogportenProcessId",
    TRANSMISSION_ID,
    TRANSMISSION_TYPE,
];
const DIALOG: &str = "DialogportenDialogId";
const TRANSMISSION_ID: &str = "DialogportenTransmissionId";
const TRANSMISSION_TYPE: &str = "DialogportenTransmissionType";

/// One reference, as it comes back.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    reference_value: String,
    reference_type: &'static str,
}

impl Reference {
    pub(super) fn dialog(id: String) -> Self {
        Self {
            reference_value: id,
            reference_type: DIALOG,
        }
    }
}

pub(super) fn read(
    raw: Vec<RawReference>,
    findings: &mut Findings,
) -> Result<Vec<Reference>, Findings> {
    findings.require(
        raw.len() <= MAX,
        KEY,
        "There are more than 10 external references",
    );
    let mut references = Vec::with_capacity(raw.len());
    for raw in raw {
        let reference_type = body::one_of(Some(&raw.reference_type), &TYPES)
            .ok_or_else(|| Findings::one("$", "The JSON value is not a reference type."))?;
        let own = reference_type == TRANSMISSION_ID;
        findings.require(
            !own,
            KEY,
            "DialogportenTransmissionId is for the service itself",
        );
        references.push(Reference {
            reference_value: raw.reference_value.0.unwrap_or_default(),
            reference_type,
        });
    }
    Ok(references)
}

/// A correspondence may belong to a transmission of a dialog, and of one dialog only.
pub(super) fn check(references: &[Reference], recipients: usize) -> Result<(), Problem> {
    let of_type = |kind: &'static str| {
        references
            .iter()
            .filter(move |reference| reference.reference_type == kind)
    };
    let transmissions = of_type(TRANSMISSION_TYPE).count();
    if transmissions == 0 {
        return Ok(());
    }
    if transmissions > 1 {
        return Err(Problem::new(
            1052,
            "Only one DialogportenTransmissionType is allowed",
        ));
    }
    let Some(dialog) = of_type(DIALOG).next() else {
        let detail = "DialogportenTransmissionType needs a DialogportenDialogId";
        return Err(Problem::new(1053, detail));
    };
    if Uuid::try_parse(&dialog.reference_value).is_ok_and(|id| !id.is_nil()) {
        if recipients > 1 {
            return Err(Problem::new(1045, "Transmissions have one recipient only"));
        }
        // The stub has no Dialogporten, so no dialog can be found.
        return Err(Problem::dialog_not_found());
    }
    Err(Problem::new(
        1048,
        "The dialog id is not a GUID, or is empty",
    ))
}
