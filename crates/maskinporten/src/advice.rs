//! What to do about each of Maskinporten's refusals
//! ([troubleshooting](https://docs.digdir.no/docs/Maskinporten/maskinporten_feilsoking)).

/// The advice for an error by its number, or by what its description says: several errors have no number.
pub(crate) fn find(code: Option<&str>, description: Option<&str>) -> Option<&'static str> {
    let by_code = code.and_then(|code| {
        ADVICE
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(code))
    });
    let by_phrase = || {
        let description = description?.to_ascii_lowercase();
        PHRASES
            .iter()
            .find(|(phrase, _)| description.contains(phrase))
    };
    by_code.or_else(by_phrase).map(|(_, advice)| *advice)
}

const ADVICE: [(&str, &str); 17] = [
    (
        "MP-011",
        "the grant is malformed: check the client id and claims for stray white space",
    ),
    (
        "MP-012",
        "the grant was used before: sign a new one for every attempt",
    ),
    (
        "MP-100",
        "check the client id, that it belongs to this environment, and that it is active",
    ),
    (
        "MP-110",
        "the audience is not the issuer: check the environment, trailing slash included",
    ),
    (
        "MP-120",
        "the certificate is expired, or a test certificate is used in production or the reverse",
    ),
    (
        "MP-121",
        "the key is over a year old: register it again, or a new one",
    ),
    (
        "MP-122",
        "the certificate belongs to another organisation than the client",
    ),
    ("MP-123", "`x5c` must be an array of certificates"),
    (
        "MP-124",
        "the private key does not belong to this `kid`: check that key and `kid` are of one pair",
    ),
    ("MP-130", "the grant came too late: check the clock"),
    (
        "MP-200",
        "add the scope to the client in Samarbeidsportalen, or correct its spelling",
    ),
    ("MP-201", "the scope is not for Maskinporten clients"),
    (
        "MP-250",
        "ask the scope's owner to grant your organisation access, or set the consumer organisation you act for",
    ),
    (
        "MP-251",
        "the consumer must delegate the scope to your organisation in Altinn (in TT02 for test)",
    ),
    (
        "MP-301",
        "this Maskinporten does not know the type of `authorization_details`",
    ),
    (
        "MP-302",
        "take out what is not documented in `authorization_details`",
    ),
    (
        "MP-303",
        "the system user is not approved, or the organisation is not its owner, or `externalRef` differs from the request's",
    ),
];

const PHRASES: [(&str, &str); 4] = [
    (
        "unknown key identifier",
        "register the key on this client, check `kid` and client id, or wait up to two minutes after registering",
    ),
    (
        "no key identifier (kid) provided",
        "the client has registered keys: sign with one of them and its `kid`, not with a certificate",
    ),
    (
        "issue time is after now",
        "the clock of this machine is ahead: synchronise it",
    ),
    (
        "combination consumer_org in claim",
        "the consumer organisation is the client's own: leave it out",
    ),
];
