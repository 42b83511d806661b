//! Clients whose clock is wrong.

use maskinporten::TokenSource;
use maskinporten_stub::Stub;

use super::Number;

/// N12: how many calls the first token takes, and each after it, for clocks from 110 s slow to 300 s fast.
pub async fn wrong_clocks() -> Number {
    let stub = Stub::start().await.unwrap();
    let (mut first, mut later) = (0, 0);
    for client_is_fast in (-110..=300).step_by(10) {
        // The client's clock is the machine's, so it is the stub's that is moved.
        stub.set_clock_offset(-client_is_fast);
        let source = crate::maskinporten(&stub);
        for most in [&mut first, &mut later] {
            let before = stub.token_requests();
            source.fetch(&crate::grant()).await.unwrap();
            *most = stub.token_requests().wrapping_sub(before).max(*most);
        }
    }
    Number {
        row: "N12",
        goal: "client clock −110 to +300 s: a token within 2 calls, afterwards 1 each",
        measured: format!("every 10 s in between: within {first} calls, afterwards {later}"),
        is_met: first <= 2 && later == 1,
    }
}
