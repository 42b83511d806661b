//! Scenarios: what happens by itself, when so many requests have come.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;

use crate::{
    fault::{FaultOrder, Ordered, Route},
    world::World,
};

/// A step of a scenario, as its file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    when: When,
    r#do: Action,
}

/// Before the n-th request, or after so many: of one service, or of all.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    request: Option<u64>,
    after: Option<u64>,
    of: Option<Route>,
}

/// What is done, as scenarios and the HTTP interface write it.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    Inject(FaultOrder),
    Heal {},
    RevokeTokens {},
    RotateKeys {},
    AdvanceClock { seconds: u64 },
    SetClockOffset { seconds: i64 },
    SetTokenLifetime { seconds: u64 },
    SetAltinnTokenLifetime { seconds: u64 },
}

/// Something to do whose every value has been looked at.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Inject(Ordered),
    Other(Action),
}

#[derive(Debug)]
struct Step {
    before_request: u64,
    of: Option<Route>,
    deed: Deed,
}

/// The scenario of one stub. There is none from the start.
#[derive(Debug, Default)]
pub(crate) struct Scenario {
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    steps: Vec<Step>,
    requests: u64,
    by_route: HashMap<Route, u64>,
}

impl Action {
    pub(crate) fn accept(self, seed: u64) -> Result<Deed, &'static str> {
        match self {
            Self::Inject(order) => order.accept(seed).map(Deed::Inject),
            other => Ok(Deed::Other(other)),
        }
    }
}

impl Deed {
    /// Does it.
    ///
    /// # Errors
    ///
    /// When it is to rotate the keys, and none can be made.
    pub(crate) async fn perform(self, world: &World) -> io::Result<()> {
        match self {
            Self::Inject(ordered) => world.faults.add(ordered),
            Self::Other(Action::Inject(_order)) => {}
            Self::Other(Action::Heal {}) => world.faults.heal(),
            Self::Other(Action::RevokeTokens {}) => world.issued.revoke_all(world.clock.now()),
            Self::Other(Action::RotateKeys {}) => world.ring.rotate(world.clock.now()).await?,
            Self::Other(Action::AdvanceClock { seconds }) => {
                world.clock.advance(Duration::from_secs(seconds));
            }
            Self::Other(Action::SetClockOffset { seconds }) => world.clock.set_offset(seconds),
            Self::Other(Action::SetTokenLifetime { seconds }) => {
                world.token_lifetime.set(Duration::from_secs(seconds));
            }
            Self::Other(Action::SetAltinnTokenLifetime { seconds }) => {
                world
                    .altinn_token_lifetime
                    .set(Duration::from_secs(seconds));
            }
        }
        world.events.changed();
        Ok(())
    }
}

impl Scenario {
    /// Reads a scenario and begins it, instead of the one before. Requests count from now.
    ///
    /// # Errors
    ///
    /// A sentence that says which step is wrong, and how.
    pub(crate) fn begin(&self, json: &[u8], seed: u64) -> Result<usize, String> {
        let texts: Vec<serde_json::Value> = serde_json::from_slice(json)
            .map_err(|error| format!("A scenario is a JSON list of steps: {error}."))?;
        let steps: Result<Vec<Step>, String> = (1..)
            .zip(texts)
            .map(|(number, text)| {
                read(text, seed).map_err(|why| format!("Step {number} of the scenario: {why}."))
            })
            .collect();
        let steps = steps?;
        let count = steps.len();
        *self.lock() = Running {
            steps,
            ..Running::default()
        };
        Ok(count)
    }

    pub(crate) fn end(&self) {
        *self.lock() = Running::default();
    }

    /// How many steps are still to come.
    pub(crate) fn steps_left(&self) -> usize {
        self.lock().steps.len()
    }

    /// Counts a request, and gives what is to be done before it is processed.
    pub(crate) fn before(&self, route: Option<Route>) -> Vec<Deed> {
        let mut running = self.lock();
        if running.steps.is_empty() {
            return Vec::new();
        }
        running.requests = running.requests.saturating_add(1);
        let all = running.requests;
        let of_route = route.map_or(0, |route| {
            let count = running.by_route.entry(route).or_default();
            *count = count.saturating_add(1);
            *count
        });
        let due = |step: &mut Step| match step.of {
            None => step.before_request == all,
            of => of == route && step.before_request == of_route,
        };
        let due = running.steps.extract_if(.., due);
        due.map(|step| step.deed).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(text: serde_json::Value, seed: u64) -> Result<Step, String> {
    let text: StepText = serde_json::from_value(text).map_err(|error| error.to_string())?;
    let before_request = match (text.when.request, text.when.after) {
        (Some(n @ 1..), None) => n,
        (None, Some(n)) => n.saturating_add(1),
        _ => return Err("`when` needs either `request`, counted from 1, or `after`".to_owned()),
    };
    Ok(Step {
        before_request,
        of: text.when.of,
        deed: text.r#do.accept(seed)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = br#"[
        {"when": {"request": 2, "of": "token"},
         "do": {"action": "inject", "route": "token", "times": 1,
                "fault": {"kind": "status", "status": 503, "body": "oauth_error"}}},
        {"when": {"after": 3}, "do": {"action": "revoke_tokens"}}
    ]"#;

    #[test]
    fn steps_wait_for_their_request() {
        let scenario = Scenario::default();
        assert_eq!(scenario.begin(TWO, 0), Ok(2));
        let mut due = Vec::new();
        for route in [None, Some(Route::Token), Some(Route::Token), None, None] {
            due.push(scenario.before(route).len());
        }
        assert_eq!(due, [0, 0, 1, 1, 0]);
        assert_eq!(scenario.steps_left(), 0);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let step = |when: &str, action: &str| format!(r#"[{{"when": {when}, "do": {action}}}]"#);
        let heal = r#"{"action": "heal"}"#;
        let fault =
            |fault: &str| format!(r#"{{"action": "inject", "route": "token", "fault": {fault}}}"#);
        for (json, part) in [
            ("{}".to_owned(), "list of steps"),
            ("[1]".to_owned(), "Step 1"),
            (step("{}", heal), "`request`"),
            (step(r#"{"request": 0}"#, heal), "`request`"),
            (step(r#"{"request": 1, "after": 1}"#, heal), "`request`"),
            (step(r#"{"call": 1}"#, heal), "`call`"),
            (
                step(r#"{"after": 1}"#, r#"{"action": "explode"}"#),
                "explode",
            ),
            (
                step(r#"{"after": 1}"#, r#"{"action": "heal", "x": 1}"#),
                "`x`",
            ),
            (
                step(
                    r#"{"after": 1}"#,
                    &fault(r#"{"kind": "status", "status": 99}"#),
                ),
                "200 to 599",
            ),
            (
                step(r#"{"after": 1}"#, &fault(r#"{"kind": "reset", "x": 1}"#)),
                "`x`",
            ),
        ] {
            let scenario = Scenario::default();
            let why = scenario.begin(json.as_bytes(), 0).unwrap_err();
            assert!(why.contains(part), "{json}: {why}");
        }
    }
}
