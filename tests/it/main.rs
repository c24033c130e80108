//! One test binary that mirrors `src`.

mod domain;
mod codes;
mod tidy;
