//! The programs that are built.

/// A program, and what it depends on.
pub(super) struct Subject {
    pub(super) name: &'static str,
    /// The name of its package.
    pub(super) package: &'static str,
    pub(super) main: &'static str,
    /// Lines of `[dependencies]`; `{crates}` is where ours are.
    pub(super) dependencies: &'static [&'static str],
}

const HYPER: &str = r#"
bytes = "1"
http = "1"
http-body-util = "0.1"
hyper-rustls = { version = "0.27", default-features = false, features = ["aws-lc-rs", "http1", "rustls-platform-verifier", "tls12"] }
hyper-util = { version = "0.1", default-features = false, features = ["client-legacy", "http1", "tokio"] }
rustls = { version = "0.23", default-features = false, features = ["aws_lc_rs", "std", "tls12"] }
"#;
const TOKIO: &str =
    r#"tokio = { version = "1", default-features = false, features = ["macros", "rt"] }"#;

/// The first is what the others are compared with; the second is ours.
pub(super) const SUBJECTS: &[Subject] = &[
    Subject {
        name: "hyper and rustls, no token",
        package: "with-hyper",
        main: include_str!("programs/hyper.rs"),
        dependencies: &[HYPER, TOKIO],
    },
    Subject {
        name: "the same with tower-maskinporten",
        package: "with-ours",
        main: include_str!("programs/ours.rs"),
        dependencies: &[
            HYPER,
            TOKIO,
            r#"
maskinporten = { path = "{crates}/maskinporten" }
tower-layer = "0.3"
tower-maskinporten = { path = "{crates}/tower-maskinporten" }
tower-service = "0.3"
"#,
        ],
    },
    Subject {
        name: "the same with google-cloud-auth",
        package: "with-google",
        main: include_str!("programs/google.rs"),
        dependencies: &[HYPER, TOKIO, r#"google-cloud-auth = "1""#],
    },
    Subject {
        name: "kube-client",
        package: "with-kube",
        main: include_str!("programs/kube.rs"),
        dependencies: &[
            TOKIO,
            r#"
http = "1"
# kube-client does not say which version of Kubernetes it is for, and this must know.
k8s-openapi = { version = "0.29", features = ["latest"] }
kube-client = { version = "5", default-features = false, features = ["aws-lc-rs", "client", "rustls-tls"] }
"#,
        ],
    },
    Subject {
        name: "reqwest, no token",
        package: "with-reqwest",
        main: include_str!("programs/reqwest.rs"),
        dependencies: &[TOKIO, r#"reqwest = "0.13""#],
    },
];
