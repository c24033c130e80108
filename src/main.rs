//! The `chorda` command.

fn main() {}
