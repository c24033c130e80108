//! Codes: every published vector, and every way to get one wrong that we know.

mod container;
mod gs1;
mod isbt;
mod products;
mod properties;
mod scan;
mod sec;
mod structures;
