//! What it costs that the token is looked up, however many there are.

use std::sync::Arc;

use maskinporten::Grant;
use tokio::runtime::Runtime;
use tower_layer::Layer;
use tower_maskinporten::BearerAuth;

use super::{
    grants, many,
    requests::{ByTenant, headers},
    row,
};
use crate::{
    harness::{Answers, Plan, Subject, alone, pairs, runtime, token},
    options::Options,
    plots,
    progress::Progress,
    subjects::{self, Fixed, OURS, PASS_THROUGH, layer},
    table::Row,
};

/// How many tenants are asked for when not all are.
const HOT: usize = 1000;

const GRANT: &str = "pass-through, a grant in the extensions";
const ONE: &str = "the layer, 1 tenant";
const SOME: &str = "the layer, 1,000 tenants";
const HOT_OF_ALL: &str = "the layer, all tenants, 1,000 of them hot";
const HOT_OF_ARRAY: &str = "array of header values, 1,000 of all hot";
const ALL: &str = "the layer, all tenants alike";
const ALL_OF_ARRAY: &str = "array of header values, all alike";

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let runtime = runtime();
    let _entered = runtime.enter();
    let plan = Plan::new(options);
    progress.begin("tenants get their tokens", 1);
    let subjects = subjects(&runtime, many(options));
    let times = Times {
        alone: alone::measure(&subjects, plan, progress),
        pairs: pairs::measure(&subjects, plan, runtime.handle(), progress),
        names: subjects.iter().map(|subject| subject.name).collect(),
    };
    progress.publish(&times.table());
    if let Some(directory) = &options.plots {
        let growth = [ONE, SOME, ALL].map(|name| (times.alone(name), times.pair(name)));
        plots::growth(directory, [1, HOT, many(options)], growth);
    }
    rows(many(options), &times)
}

/// The layer with a thousand tenants, alone.
pub fn one_of_many(runtime: &Runtime) -> Subject {
    let grants = grants::made(HOT);
    ByTenant::subject(SOME, service(runtime, &grants), grants).proven(1)
}

fn subjects(runtime: &Runtime, many: usize) -> Vec<Subject> {
    let all = grants::made(many);
    let (one, some) = (grants::made(1), grants::made(HOT));
    // From all over, as they would be.
    let hot: Arc<[Grant]> = all.iter().step_by(many / HOT).take(HOT).cloned().collect();
    let all_headers = headers(many);
    let hot_headers = all_headers.iter().step_by(many / HOT).take(HOT).cloned();
    let hot_headers = hot_headers.collect();
    let service = |grants: &[Grant]| service(runtime, grants);
    let (of_one, of_some, of_all) = (service(&one), service(&some), service(&all));
    let nothing = Answers::<()>::new();
    vec![
        subjects::pass_through(),
        subjects::ours(runtime),
        ByTenant::subject(GRANT, nothing.clone(), Arc::clone(&hot)).proven(0),
        ByTenant::subject(ONE, of_one, one).proven(1),
        ByTenant::subject(SOME, of_some, some).proven(1),
        ByTenant::subject(HOT_OF_ALL, of_all.clone(), Arc::clone(&hot)).proven(1),
        ByTenant::with_headers(HOT_OF_ARRAY, nothing.clone(), hot, hot_headers).proven(1),
        ByTenant::subject(ALL, of_all, Arc::clone(&all)).proven(1),
        ByTenant::with_headers(ALL_OF_ARRAY, nothing, all, all_headers).proven(1),
    ]
}

/// The layer, with the tokens of so many.
fn service(runtime: &Runtime, grants: &[Grant]) -> BearerAuth<Answers> {
    let tokens = runtime.block_on(grants::filled(Fixed(token(0)), grants));
    layer(&tokens).layer(Answers::new())
}

/// What was measured, in nanoseconds, in the order of the names.
struct Times {
    names: Vec<&'static str>,
    alone: Vec<f64>,
    pairs: Vec<f64>,
}

impl Times {
    fn of(&self, times: &[f64], name: &str) -> f64 {
        let index = self.names.iter().position(|other| *other == name);
        times[index.expect("it is among the subjects")]
    }

    fn alone(&self, name: &str) -> f64 {
        self.of(&self.alone, name)
    }

    fn pair(&self, name: &str) -> f64 {
        self.of(&self.pairs, name)
    }

    fn table(&self) -> String {
        let times = self.alone.iter().zip(&self.pairs);
        let lines = self.names.iter().zip(times).map(|(name, (alone, pair))| {
            let ratio = pair / alone;
            format!("\n| {name} | {alone:.1} | {pair:.1} | {ratio:.2} |")
        });
        let head = "| requests of tenants | ns a request | two threads, ns | ratio |\n|---|---:|---:|---:|";
        head.to_owned() + &lines.collect::<String>()
    }
}

fn rows(many: usize, times: &Times) -> Vec<Row> {
    // The caller puts the grant there, so what that takes is not the layer's.
    let grant = times.alone(GRANT) - times.alone(PASS_THROUGH);
    let (hot, whole) = (times.alone(HOT_OF_ALL) - grant, times.alone(HOT_OF_ALL));
    let single = times.alone(OURS);
    let contention = times.pair(HOT_OF_ALL) / whole;
    let (all, array) = (times.alone(ALL) - grant, times.alone(ALL_OF_ARRAY) - grant);
    vec![
        row(
            format!(
                "{many} tenants, {HOT} hot: a request, but for putting its grant there, beside S1"
            ),
            "at most 2 x",
            format!(
                "{:.2} x ({hot:.1} ns, {single:.1} ns; with the grant {whole:.1} ns)",
                hot / single
            ),
            Some(hot <= 2.0 * single),
        ),
        row(
            "the same on two threads, beside one".to_owned(),
            "at most 1.5 x",
            format!("{contention:.2} x ({:.1} ns)", times.pair(HOT_OF_ALL)),
            Some(contention <= 1.5),
        ),
        row(
            format!("{many} tenants alike, beside an array of header values"),
            "published",
            format!("{:.2} x ({all:.1} ns, {array:.1} ns)", all / array),
            None,
        ),
    ]
}
