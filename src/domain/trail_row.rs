//! trail_row
