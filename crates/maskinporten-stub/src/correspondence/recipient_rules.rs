//! What must hold of the recipients of a new correspondence.

use std::collections::HashSet;

use super::{draft::Order, problem::Problem, register::Standing};
use crate::world::World;

/// The recipients that nothing digital may be sent to.
pub(super) type Reserved = HashSet<String>;

/// Each of them once, known, and able to read what it gets.
pub(super) fn check(world: &World, recipients: &[String]) -> Result<(), Problem> {
    let unique: HashSet<&String> = recipients.iter().collect();
    if unique.len() != recipients.len() {
        return Err(Problem::new(1006, "Recipients must be unique"));
    }
    let unknown = with(world, recipients, Standing::Unknown);
    if !unknown.is_empty() {
        return Err(Problem::unknown_recipients(&unknown.join(", ")));
    }
    let without_roles = with(world, recipients, Standing::WithoutRoles);
    if !without_roles.is_empty() {
        let detail = format!("Nobody can read it at {}", without_roles.join(", "));
        return Err(Problem::new(1044, detail));
    }
    Ok(())
}

/// Asks KRR, unless the order says not to.
pub(super) fn check_reservations(world: &World, order: &Order) -> Result<Reserved, Problem> {
    if order.draft.ignore_reservation == Some(true) {
        return Ok(Reserved::new());
    }
    if !with(world, &order.recipients, Standing::Uncertain).is_empty() {
        return Err(Problem::krr_failed());
    }
    let reserved = with(world, &order.recipients, Standing::Reserved);
    match (order.recipients.as_slice(), reserved.as_slice()) {
        ([_only], [reserved]) => Err(Problem::reserved_recipient(reserved)),
        _ => Ok(reserved.into_iter().map(str::to_owned).collect()),
    }
}

fn with<'a>(world: &World, recipients: &'a [String], standing: Standing) -> Vec<&'a str> {
    let all = recipients.iter().map(String::as_str);
    all.filter(|urn| world.registry.standing(urn) == standing)
        .collect()
}
