//! The one font that pictures are drawn with: part of the program, as a server has none.

use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::style::{FontStyle, register_font};
use std::sync::Once;

/// What the pictures call it.
const NAME: &str = "sans-serif";

/// Sees to it that text can be measured and drawn.
pub(super) fn ready() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for style in [FontStyle::Normal, FontStyle::Bold] {
            // A font that cannot be read leaves the pictures out; a test looks at them.
            let _drawn = register_font(NAME, style, UBUNTU_LIGHT);
        }
    });
}
