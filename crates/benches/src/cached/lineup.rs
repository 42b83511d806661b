//! Who is measured, in the order of the table.

use tokio::runtime::Runtime;

use crate::{
    harness::Subject,
    subjects::{self, PASS_THROUGH, PASS_THROUGH_CLONED},
};

/// What is to be known of a subject to read its figures.
#[derive(Clone, Copy)]
pub struct Entrant {
    /// The same requests without a token.
    pub pass_through: &'static str,
    pub is_peer: bool,
}

const LAYER: Entrant = Entrant {
    pass_through: PASS_THROUGH,
    is_peer: false,
};

const CLONED: Entrant = Entrant {
    pass_through: PASS_THROUGH_CLONED,
    is_peer: false,
};

/// All subjects, with their tokens.
pub fn lineup(runtime: &Runtime) -> Vec<(Subject, Entrant)> {
    let mut lineup = vec![
        (subjects::pass_through(), LAYER),
        (subjects::constant(), LAYER),
        (subjects::ours(runtime), LAYER),
        (subjects::pass_through_cloned(), CLONED),
        (subjects::constant_cloned(), CLONED),
        (subjects::ours_cloned(runtime), CLONED),
    ];
    lineup.extend(peers(runtime));
    lineup
}

#[cfg(feature = "peers")]
fn peers(runtime: &Runtime) -> Vec<(Subject, Entrant)> {
    let mut lineup = Vec::new();
    for peer in crate::peers::all(runtime) {
        let mut pass_through = PASS_THROUGH;
        if let Some(own) = peer.pass_through {
            pass_through = own.name;
            let entrant = Entrant {
                pass_through,
                is_peer: false,
            };
            lineup.push((own, entrant));
        }
        let entrant = Entrant {
            pass_through,
            is_peer: true,
        };
        lineup.push((peer.subject, entrant));
    }
    lineup
}

#[cfg(not(feature = "peers"))]
fn peers(_: &Runtime) -> Vec<(Subject, Entrant)> {
    Vec::new()
}
