//! What the figures mean for the targets.

use super::figures::{Figures, comparable, find};
use crate::{
    subjects::{CONSTANT, OURS},
    table::Row,
};

pub fn rows(figures: &[Figures]) -> Vec<Row> {
    let ours = find(figures, OURS);
    let constant = find(figures, CONSTANT);
    let mut rows = vec![ratio(
        "S1",
        "a request with a cached token, beside a constant header",
        1.15,
        (ours.alone, constant.alone),
    )];
    rows.push(beside_peers(figures, ours));
    rows.push(ratio(
        "S2",
        "two threads that share a layer, beside one thread",
        1.1,
        (ours.pair, ours.alone),
    ));
    rows.push(ratio(
        "S2",
        "two threads that share a layer, beside a constant header in the same setting",
        0.6,
        (ours.pair, constant.pair),
    ));
    rows.push(allocations(ours, constant));
    rows
}

/// A row that compares two times in nanoseconds; those that were not measured are no numbers.
fn ratio(number: &'static str, what: &str, most: f64, (ours, theirs): (f64, f64)) -> Row {
    let ratio = ours / theirs;
    Row {
        number,
        what: what.to_owned(),
        target: format!("at most {most} x"),
        measured: format!("{ratio:.2} x ({ours:.1} ns, {theirs:.1} ns)"),
        is_met: (!ratio.is_nan()).then_some(ratio <= most),
    }
}

fn beside_peers(figures: &[Figures], ours: &Figures) -> Row {
    let peers = figures.iter().filter(|figures| figures.entrant.is_peer);
    let best = peers
        .map(|peer| (comparable(figures, peer), peer.name))
        .min_by(|(one, _), (other, _)| one.total_cmp(other));
    let number = "S1";
    let Some((best, name)) = best else {
        return Row {
            number,
            what: "the same, beside the best peer".to_owned(),
            target: "at most 0.4 x".to_owned(),
            measured: "built without the feature `peers`".to_owned(),
            is_met: None,
        };
    };
    let what = format!("the same, beside the best peer: {name}");
    ratio(number, &what, 0.4, (ours.alone, best))
}

fn allocations(ours: &Figures, constant: &Figures) -> Row {
    let count = ours.allocations - constant.allocations;
    let bytes = ours.bytes - constant.bytes;
    Row {
        number: "S3",
        what: "allocations of a request beyond those of a constant header".to_owned(),
        target: "0, and 0 bytes".to_owned(),
        measured: format!("{count:.1}, and {bytes:.0} bytes"),
        is_met: Some(count <= 0.0 && bytes <= 0.0),
    }
}
