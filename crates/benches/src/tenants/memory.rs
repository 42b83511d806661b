//! What is kept for a tenant beside its token, and who works while nothing is due.

use tokio::runtime::Builder;

use super::{grants, many, row};
use crate::{harness::token, options::Options, progress::Progress, subjects::Fixed, table::Row};

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    progress.begin("what tenants take", 1);
    let grants = grants::made(many(options));
    // Allocations are counted by thread, so everything happens on this one.
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be started");
    let source = Fixed(token(0));
    let header = "Bearer ".len() + source.0.len();
    let mut kept = None;
    let info = allocation_counter::measure(|| {
        kept = Some(runtime.block_on(grants::filled(source, &grants)));
    });
    let tasks = runtime.metrics().num_alive_tasks();
    drop(kept);
    let each = info.bytes_current as f64 / grants.len() as f64 - header as f64;
    vec![
        row(
            format!(
                "bytes that are kept for each of {} tenants, beside the token",
                grants.len()
            ),
            "at most 500",
            format!("{each:.0} (and {header} for the token's header)"),
            Some(each <= 500.0),
        ),
        row(
            "background tasks while nothing is due".to_owned(),
            "at most 4",
            tasks.to_string(),
            Some(tasks <= 4),
        ),
    ]
}
