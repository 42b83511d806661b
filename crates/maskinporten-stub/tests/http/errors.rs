//! The pages that the `error_uri` of an error leads to.

use maskinporten_stub::Stub;

use crate::http::Ask;

/// Every number that the token endpoint answers with. Each is provoked in `refusals`, `checks`
/// or `certificates`.
const NUMBERS: [&str; 17] = [
    "MP-011", "MP-012", "MP-100", "MP-110", "MP-120", "MP-121", "MP-122", "MP-123", "MP-124",
    "MP-130", "MP-200", "MP-201", "MP-250", "MP-251", "MP-301", "MP-302", "MP-303",
];

#[tokio::test]
async fn every_number_has_a_page() {
    let stub = Stub::start().await.unwrap();
    for number in NUMBERS {
        let answer = Ask::get(format!("/errors/{number}")).to(&stub).await;
        assert_eq!(answer.status, 200, "{number}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let text = answer.text().strip_prefix(&format!("{number}: ")).unwrap();
        assert!(text.len() > 20, "{text}");
    }
    for other in ["MP-999", "mp-110", "MP-110x", "x"] {
        let answer = Ask::get(format!("/errors/{other}")).to(&stub).await;
        assert_eq!(answer.status, 404, "{other}");
    }
}
