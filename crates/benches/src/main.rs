//! Measures what the layer costs, beside its peers, and prints a table of it in Markdown.

mod table;

use clap::Parser;

use crate::table::Row;

/// Measures what the layer costs, beside its peers, and prints a table of it in Markdown.
#[derive(Parser)]
struct Options {
    /// What to measure: S1, for example; everything if not said.
    #[arg(long, value_name = "ROW")]
    row: Vec<String>,
    /// Takes seconds instead of minutes; the values are worth nothing.
    #[arg(long)]
    quick: bool,
}

fn main() {
    let options = Options::parse();
    let rows: Vec<Row> = Vec::new();
    let _ = (options.row, options.quick);
    println!("{}", table::HEAD);
    for row in rows {
        println!("{row}");
    }
}
