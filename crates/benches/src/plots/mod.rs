//! What was measured, drawn: SVG without a background, in colours that can be read on white and on black.

mod bars;
mod growth;

use std::{fs, path::Path};

use plotters::style::{
    RGBColor, TextStyle,
    text_anchor::{HPos, Pos, VPos},
};

pub use bars::bars;
pub use growth::growth;

/// Text and axes: as far from white as from black.
const INK: RGBColor = RGBColor(118, 118, 118);
/// One thread.
const ALONE: RGBColor = RGBColor(59, 130, 246);
/// Two threads.
const PAIR: RGBColor = RGBColor(234, 122, 32);

const FONT: &str = "sans-serif";
const TEXT: u32 = 13;

fn text(horizontally: HPos) -> TextStyle<'static> {
    TextStyle::from((FONT, TEXT))
        .color(&INK)
        .pos(Pos::new(horizontally, VPos::Center))
}

/// Writes a drawing; what cannot be written is told, and costs no measurement.
fn write(directory: &Path, name: &str, svg: &str) {
    let written = fs::create_dir_all(directory).and_then(|()| fs::write(directory.join(name), svg));
    if let Err(error) = written {
        eprintln!("{name} is not written: {error}");
    }
}
