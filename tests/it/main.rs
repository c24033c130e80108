//! One test binary that mirrors `src`.

mod domain;
mod codes;
mod cli;
mod clock;
mod labels;
mod tidy;
