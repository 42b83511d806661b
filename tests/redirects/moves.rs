//! The redirects of the matrix.

/// What becomes of the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is the same.
    None,
    /// It is the same, but there is a user name before it, which the layer takes for a trick.
    User,
    /// It is another.
    Other,
}

const ALTINN: &str = "https://platform.altinn.no";

/// The origin where it begins, which is the one that is allowed; how that changes; and the redirects that do it, one a
/// line: what each answer says in `Location`.
pub(crate) const MOVES: &[(&str, Change, &str)] = &[
    // The same origin, however it is written.
    (
        ALTINN,
        Change::None,
        "https://platform.altinn.no/b
        /b
        b?c#d
        HTTPS://PLATFORM.Altinn.NO/b
        https://platform.altinn.no:443/b
        https:b
        //platform.altinn.no/b
        https://platform%2Ealtinn.no/b
        https://platform.altinn.no/b@evil.example/
        https://platform.altinn\u{3002}no/b
        /b /c /d",
    ),
    // The same for whoever connects, but not to be believed.
    (
        ALTINN,
        Change::User,
        "https://user:pass@platform.altinn.no/b
        https://evil.example@platform.altinn.no/b",
    ),
    // Another host, above, below or beside; another port; another scheme.
    (
        ALTINN,
        Change::Other,
        r"https://evil.example/b
        //evil.example/b
        /\evil.example/b
        \\evil.example/b
        https://platform.altinn.no@evil.example/b
        https://platform.altinn.no:443@evil.example/b
        https://evil.example\@platform.altinn.no/b
        https://evil.example#@platform.altinn.no/b
        https://evil.example?@platform.altinn.no/b
        https://platform.altinn.no.evil.example/b
        https://xplatform.altinn.no/b
        https://sub.platform.altinn.no/b
        https://altinn.no/b
        https://platform.altinn.no./b
        https://platform.altinn.no:8443/b
        https://platform.altinn.no:80/b
        http://platform.altinn.no/b
        http://platform.altinn.no:443/b
        https://xn--pltform-3fg.altinn.no/b",
    ),
    (
        "https://api.example:8443",
        Change::Other,
        "https://api.example/b",
    ),
    // Addresses for names, and addresses that are written otherwise.
    (
        "http://localhost:5000",
        Change::Other,
        "http://127.0.0.1:5000/b
        http://[::1]:5000/b",
    ),
    (
        "http://127.0.0.1:5000",
        Change::None,
        "http://0x7f.1:5000/b
        http://2130706433:5000/b",
    ),
    (
        "http://127.0.0.1:5000",
        Change::Other,
        "https://127.0.0.1:5000/b
        http://127.0.0.1/b
        http://127.0.0.1:5001/b
        http://127.0.0.2:5000/b
        http://localhost:5000/b
        http://[::ffff:127.0.0.1]:5000/b",
    ),
    (
        "http://[::1]:5000",
        Change::None,
        "http://[::1]:5000/b
        http://[0:0:0:0:0:0:0:1]:5000/b",
    ),
    (
        "http://[::1]:5000",
        Change::Other,
        "http://[::2]:5000/b
        http://127.0.0.1:5000/b",
    ),
    // Names outside ASCII: the same in DNS, or a letter of another alphabet.
    (
        "https://xn--blbr-roah.example",
        Change::None,
        "https://blåbær.example/b
        https://BLÅBÆR.example/b",
    ),
    (
        "https://xn--blbr-roah.example",
        Change::Other,
        "https://blabaer.example/b
        https://bl\u{e5}b\u{4d5}r.example/b",
    ),
    (ALTINN, Change::Other, "https://pl\u{430}tform.altinn.no/b"),
    // Several, one after the other: what was taken off stays off, there and when it comes back.
    (
        ALTINN,
        Change::Other,
        "/b https://evil.example/c
        https://evil.example/b /c
        https://evil.example/b https://evil.example/c /d
        https://evil.example/b https://platform.altinn.no/c
        https://evil.example/b https://platform.altinn.no/c https://evil.example/d
        http://platform.altinn.no/b https://platform.altinn.no/c",
    ),
];

/// So that it does not shrink unseen: kinds of redirect, moves, and places of the layer.
pub(crate) const CELLS: usize = 5 * 58 * 2;
