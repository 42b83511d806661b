//! What a vendor's system must be like: the rules that need no other system, all findings at once.

use super::{
    problem::Finding,
    rights::{AccessPackage, Right, has_duplicates},
    system::Description,
};

const SYSTEM_ID: &str = "/registersystemrequest/systemid";
const VENDOR_ID: &str = "/registersystemrequest/vendor/id";
const REDIRECTS: &str = "/registersystemrequest/allowedredirecturls";
const CLIENT_ID: &str = "/registersystemrequest/clientid";
const RIGHTS: &str = "/registersystemrequest/rights/resource";
const PACKAGES: &str = "/registersystemrequest/accesspackages";

pub(super) fn vendor_is_no_organisation() -> Finding {
    Finding::new(
        0,
        "The vendor is not a valid ISO 6523 identifier",
        VENDOR_ID,
    )
}

pub(super) fn id_exists() -> Finding {
    Finding::new(2, "The system id already exists", SYSTEM_ID)
}

pub(super) fn client_exists() -> Finding {
    let title = "One of the client ids belongs to an existing system";
    Finding::new(4, title, CLIENT_ID)
}

pub(super) fn other_id() -> Finding {
    let title = "The system id in the body is not that in the URL";
    Finding::new(12, title, SYSTEM_ID)
}

/// The id of a new system; `vendor` is its organisation number.
pub(super) fn id(description: &Description, vendor: &str, findings: &mut Vec<Finding>) {
    if description.id.contains(char::is_whitespace) {
        let title = "The system id must not have spaces";
        findings.push(Finding::new(13, title, SYSTEM_ID));
    }
    if description.id.split_once('_').map(|(number, _name)| number) != Some(vendor) {
        let title = "The system id is not the vendor's organisation number, _ and a name";
        findings.push(Finding::new(1, title, SYSTEM_ID));
    }
}

pub(super) fn redirects(description: &Description, findings: &mut Vec<Finding>) {
    let is_https = |url: &String| {
        let host = url.strip_prefix("https://");
        host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
    };
    if !description.allowed_redirect_urls.iter().all(is_https) {
        let title = "One or more redirect URLs are not of the form https://xxx.xx";
        findings.push(Finding::new(5, title, REDIRECTS));
    }
}

pub(super) fn clients(description: &Description, findings: &mut Vec<Finding>) {
    let lower = |client: &String| client.to_ascii_lowercase();
    let clients: Vec<String> = description.client_id.iter().map(lower).collect();
    if has_duplicates(&clients) {
        let title = "The request has duplicate client ids";
        findings.push(Finding::new(11, title, CLIENT_ID));
    }
}

/// Every resource of the right form counts as one that exists and can be delegated.
pub(super) fn rights(rights: &[Right], findings: &mut Vec<Finding>) {
    let mut resources = rights.iter().flat_map(|right| &right.resource);
    if resources.any(|resource| resource.id != "urn:altinn:resource") {
        let title = "One or more resource ids are not urn:altinn:resource";
        findings.push(Finding::new(9, title, RIGHTS));
    }
    if has_duplicates(rights) {
        findings.push(Finding::new(6, "One or more rights are duplicates", RIGHTS));
    }
}

/// Every access package of the right form counts as one that exists and can be delegated.
pub(super) fn packages(packages: &[AccessPackage], findings: &mut Vec<Finding>) {
    let is_package = |package: &AccessPackage| {
        let name = package.urn.strip_prefix("urn:altinn:accesspackage:");
        name.is_some_and(|name| !name.is_empty())
    };
    if !packages.iter().all(is_package) {
        let title = "One or more access packages are not valid";
        findings.push(Finding::new(8, title, PACKAGES));
    }
    if has_duplicates(packages) {
        let title = "One or more access packages are duplicates";
        findings.push(Finding::new(7, title, PACKAGES));
    }
}
