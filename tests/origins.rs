//! `Origins` never allows a URL whose origin is another one for a browser: the crate `url`, which follows the WHATWG, is
//! the oracle.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::cell::Cell;

use http::Uri;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestCaseResult, TestRunner},
};
use tower_maskinporten::Origins;
use url::{Origin, Url};

/// What is allowed: names and addresses, with the scheme's own port and with others.
const ALLOWED: [&str; 6] = [
    "https://platform.altinn.no",
    "https://api.example:8443",
    "https://xn--blbr-roah.example",
    "https://192.0.2.1",
    "http://127.0.0.1:5000",
    "http://[::1]:5000",
];

/// What a part of a URL may be: as it should be, or otherwise. The latter are separated by spaces.
struct Part {
    plain: &'static [&'static str],
    odd: &'static str,
}

impl Part {
    fn all(&self) -> Vec<&'static str> {
        self.plain
            .iter()
            .copied()
            .chain(self.odd.split_whitespace())
            .collect()
    }

    fn any(&self) -> impl Strategy<Value = &'static str> + use<> {
        let odd: Vec<_> = self.odd.split_whitespace().collect();
        prop_oneof![3 => select(self.plain), 1 => select(odd)]
    }
}

const SCHEME: Part = Part {
    plain: &["https", "https", "http"],
    odd: "HTTPS hTTp ftp wss file javascript https:https blob:https view-source:https",
};
const SEPARATOR: Part = Part {
    plain: &["://"],
    odd: r": :/ :/// :\\ :/\ :\/ //",
};
const USER: Part = Part {
    plain: &[""],
    odd: r"user@ user:pass@ :@ @ @@ a%40b@ platform.altinn.no@ platform.altinn.no:443@ evil.example@ evil.example\@
        evil.example#@ evil.example?@ evil.example/@ [::1]:5000@ 127.0.0.1:5000@",
};
const HOST: Part = Part {
    plain: &[
        "platform.altinn.no",
        "pLatform.altinn.NO",
        "api.example",
        "xn--blbr-roah.example",
        "192.0.2.1",
        "127.0.0.1",
        "[::1]",
    ],
    // Names that look like those, and addresses as nobody writes them.
    odd: "platform.altinn.no. platform.altinn.no.. .platform.altinn.no platform..altinn.no xplatform.altinn.no
        platform.altinn.nox altinn.no a.platform.altinn.no platform.altinn.no.evil.example
        platform.altinn.no%2eevil.example platform.altinn.no%00.evil.example %70latform.altinn.no platform%2ealtinn.no
        platform.altinn.no% platform.altinn.no%zz platform-altinn.no platform_altinn.no pl\u{430}tform.altinn.no
        xn--pltform-3fg.altinn.no \u{ff50}latform.altinn.no platform\u{3002}altinn.no plat\u{ad}form.altinn.no
        platform.altinn.n\u{ba} \u{200b}platform.altinn.no blåbær.example BLÅBÆR.example bla\u{30a}bær.example
        xn--a.example xn--.example evil.example localhost
        127.1 127.0.1 0x7f.0.0.1 0x7f000001 0177.0.0.1 2130706433 127.0.0.01 127.0.0.1. 127.0.0.256 127.0.0.1.1
        \u{ff11}27.0.0.1 192.0.513 192.0.2.01 3221225985 0xc0000201 0300.0.02.1 192.0.2.1.
        [::1 ::1 ::1] [[::1]] [0:0:0:0:0:0:0:1] [::0001] [::ffff:127.0.0.1] [::127.0.0.1] [::1%25lo] [::1%lo]
        [::1].evil.example [v1.x] [127.0.0.1] []",
};
const PORT: Part = Part {
    plain: &["", ":443", ":8443", ":5000"],
    odd: ":80 : ::443 :0443 :00005000 :+443 :-1 :0 :443a :a :65536 :65979 :131515 :4294967739 :18446744073709552059
        :%34%34%33 :443:443 :\u{ff14}43",
};
const PATH: Part = Part {
    plain: &["", "/", "/a"],
    odd: r"/@evil.example /a@b:c //evil.example /\evil.example \evil.example \@evil.example ?a@b #@evil.example ? # ;
        /%2e%2e/ /../.. .evil.example/ @evil.example/ :@evil.example/ %40evil.example/ /æ",
};
/// What gets somewhere into the middle now and then.
const STRAY: &[&str] = &[
    "\t", "\n", "\r\n", "\0", " ", "/", "\\", "@", ":", "#", "?", "%", ".", "[", "]", "*", "|",
    "^", "\u{2028}", "\u{ff0f}", "\u{2024}", "\u{ad}", "\u{202e}", "%2f", "%5c", "%40", "%3a",
];

fn urls() -> impl Strategy<Value = String> {
    let parts = (
        SCHEME.any(),
        SEPARATOR.any(),
        USER.any(),
        HOST.any(),
        PORT.any(),
        PATH.any(),
    );
    let strays = prop_oneof![
        3 => Just(Vec::new()),
        1 => vec((any::<Index>(), select(STRAY)), 1..3),
    ];
    (parts, strays).prop_map(|((scheme, separator, user, host, port, path), strays)| {
        let mut url = [scheme, separator, user, host, port, path].concat();
        for (place, stray) in strays {
            let places: Vec<_> = url.char_indices().map(|(at, _)| at).collect();
            url.insert_str(*place.get(&places), stray);
        }
        url
    })
}

fn check(cases: u32, test: impl Fn(String) -> TestCaseResult) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config).run(&urls(), test).unwrap();
}

/// The origin that a browser takes a URL for, if it is one that has a host.
fn origin(text: &str) -> Option<Origin> {
    let origin = Url::parse(text).ok()?.origin();
    origin.is_tuple().then_some(origin)
}

/// Holds `Origins` against the oracle. Gives how many of the texts were URLs to `http`, and how many of those were
/// allowed.
fn check_urls(cases: u32) -> (u32, u32) {
    let origins = Origins::new(ALLOWED).unwrap();
    let expected = ALLOWED.map(|text| origin(text).unwrap());
    let (urls, allowed) = (Cell::new(0), Cell::new(0));
    check(cases, |text| {
        let Ok(uri) = text.parse::<Uri>() else {
            return Ok(());
        };
        urls.set(urls.get() + 1);
        if !origins.allow(&uri) {
            return Ok(());
        }
        allowed.set(allowed.get() + 1);
        // As it was written, as it is passed on, and where a client takes it to.
        let port = uri.port_u16().map(|port| format!(":{port}"));
        let (scheme, host) = (uri.scheme_str().unwrap(), uri.host().unwrap());
        let connected = format!("{scheme}://{host}{}", port.unwrap_or_default());
        for text in [&text, &uri.to_string(), &connected] {
            let is_expected = origin(text).is_some_and(|origin| expected.contains(&origin));
            prop_assert!(is_expected, "{text:?} is {:?}", origin(text));
        }
        Ok(())
    });
    (urls.get(), allowed.get())
}

#[test]
fn f7_n21_no_url_is_allowed_whose_origin_is_another() {
    let (urls, allowed) = check_urls(10_000);
    // It is no proof if nothing is ever allowed.
    assert!(urls > 2_500 && allowed > 250, "{urls}, {allowed}");
}

#[test]
#[ignore = "takes minutes, with --release"]
fn f7_n21_no_url_of_ten_million_is_allowed_whose_origin_is_another() {
    let (urls, allowed) = check_urls(10_000_000);
    assert!(urls > 2_500_000 && allowed > 250_000, "{urls}, {allowed}");
}

#[test]
fn f7_what_is_taken_for_an_origin_allows_no_other() {
    let taken = Cell::new(0);
    check(2_000, |text| {
        let Ok(origins) = Origins::new([&text]) else {
            return Ok(());
        };
        taken.set(taken.get() + 1);
        for host in HOST.all() {
            for url in [format!("https://{host}"), format!("http://{host}:5000")] {
                if url.parse().is_ok_and(|uri| origins.allow(&uri)) {
                    prop_assert_eq!(origin(&url), origin(&text), "{:?} for {:?}", url, text);
                }
            }
        }
        Ok(())
    });
    assert!(taken.get() > 100, "{}", taken.get());
}
