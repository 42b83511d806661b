//! What a request takes, by subject.

use std::path::Path;

use plotters::{
    chart::ChartBuilder,
    drawing::IntoDrawingArea,
    element::{Rectangle, Text},
    prelude::SVGBackend,
    style::{Color, RGBColor, text_anchor::HPos},
};

use super::{ALONE, FONT, INK, PAIR, TEXT, text, write};
use crate::cached::figures::Figures;

const WIDTH: u32 = 900;
/// Of a subject, with both its bars.
const LINE: u32 = 44;
const NAMES: u32 = 400;
const FRAME: u32 = 80;

/// Draws bars for one and two threads into `directory`.
pub fn bars(directory: &Path, figures: &[Figures]) {
    let mut svg = String::new();
    if let Err(error) = draw(&mut svg, figures) {
        eprintln!("the bars cannot be drawn: {error}");
    }
    write(directory, "request.svg", &svg);
}

fn draw(svg: &mut String, figures: &[Figures]) -> Result<(), Box<dyn std::error::Error>> {
    let height = FRAME + LINE * figures.len() as u32;
    let root = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    let longest = figures
        .iter()
        .flat_map(|figures| [figures.alone, figures.pair])
        .fold(1.0, f64::max);
    let lines = figures.len() as f64;
    let mut chart = ChartBuilder::on(&root)
        .margin_right(60)
        .margin_top(30)
        .x_label_area_size(40)
        .y_label_area_size(NAMES)
        .build_cartesian_2d(0.0..longest * 1.02, 0.0..lines)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .x_labels(6)
        .x_desc("nanoseconds per request")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .axis_style(INK)
        .bold_line_style(INK.mix(0.25))
        .light_line_style(INK.mix(0.0))
        .label_style((FONT, TEXT, &INK))
        .axis_desc_style((FONT, TEXT, &INK))
        .draw()?;
    // From the top, as in the table.
    for (line, of) in figures.iter().rev().enumerate() {
        let bottom = line as f64;
        let mut bar = |from: f64, time: f64, colour: RGBColor| {
            let time = if time.is_nan() { 0.0 } else { time };
            let corners = [(0.0, bottom + from), (time, bottom + from + 0.36)];
            chart.draw_series([Rectangle::new(corners, colour.filled())])?;
            let (x, y) = chart.backend_coord(&(time, bottom + from + 0.18));
            root.draw(&Text::new(
                format!("{time:.0}"),
                (x + 5, y),
                text(HPos::Left),
            ))
        };
        bar(0.5, of.alone, ALONE)?;
        bar(0.12, of.pair, PAIR)?;
        let (x, y) = chart.backend_coord(&(0.0, bottom + 0.5));
        let name = of.name.replace(['*', '`'], "");
        root.draw(&Text::new(name, (x - 8, y), text(HPos::Right)))?;
    }
    for (place, name, colour) in [(0, "one thread", ALONE), (1, "each of two threads", PAIR)] {
        let x = NAMES as i32 + 130 * place;
        root.draw(&Rectangle::new([(x, 9), (x + 12, 21)], colour.filled()))?;
        root.draw(&Text::new(name, (x + 18, 15), text(HPos::Left)))?;
    }
    root.present()?;
    Ok(())
}
