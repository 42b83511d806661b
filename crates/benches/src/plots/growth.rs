//! What a request takes, by the number of tenants.

use std::path::Path;

use plotters::{
    chart::ChartBuilder,
    coord::combinators::IntoLogRange,
    drawing::IntoDrawingArea,
    element::{Circle, Text},
    prelude::SVGBackend,
    series::LineSeries,
    style::{Color, text_anchor::HPos},
};

use super::{ALONE, FONT, INK, PAIR, TEXT, text, write};

/// Draws a line for one thread and one for two into `directory`. `times` are nanoseconds of one and of two threads, for
/// each number of tenants.
pub fn growth<const N: usize>(directory: &Path, tenants: [usize; N], times: [(f64, f64); N]) {
    let mut svg = String::new();
    if let Err(error) = draw(&mut svg, &tenants, &times) {
        eprintln!("the growth cannot be drawn: {error}");
    }
    write(directory, "tenants.svg", &svg);
}

fn draw(
    svg: &mut String,
    tenants: &[usize],
    times: &[(f64, f64)],
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, (720, 400)).into_drawing_area();
    let most = tenants.iter().copied().max().unwrap_or(1) as f64;
    let longest = times
        .iter()
        .flat_map(|(alone, pair)| [*alone, *pair])
        .fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(&root)
        .margin(20)
        .margin_right(110)
        .x_label_area_size(45)
        .y_label_area_size(65)
        .build_cartesian_2d((0.8..most * 1.2).log_scale(), 0.0..longest * 1.1)?;
    chart
        .configure_mesh()
        .x_desc("tenants, each asked for as often as the others")
        .y_desc("nanoseconds per request")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .axis_style(INK)
        .bold_line_style(INK.mix(0.25))
        .light_line_style(INK.mix(0.0))
        .label_style((FONT, TEXT, &INK))
        .axis_desc_style((FONT, TEXT, &INK))
        .draw()?;
    let lines = [
        (
            "one thread",
            ALONE,
            times.iter().map(|(alone, _)| *alone).collect::<Vec<_>>(),
        ),
        (
            "two threads",
            PAIR,
            times.iter().map(|(_, pair)| *pair).collect(),
        ),
    ];
    for (name, colour, times) in lines {
        let points: Vec<_> = tenants
            .iter()
            .map(|tenants| *tenants as f64)
            .zip(times)
            .collect();
        chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
        let dots = points
            .iter()
            .map(|point| Circle::new(*point, 4, colour.filled()));
        chart.draw_series(dots)?;
        if let Some(last) = points.last() {
            let (x, y) = chart.backend_coord(last);
            root.draw(&Text::new(name, (x + 10, y), text(HPos::Left)))?;
        }
    }
    root.present()?;
    Ok(())
}
