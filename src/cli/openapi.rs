//! `chorda openapi`: the description of the JSON interface.

use clap::Args;

use super::console::{Console, Trouble};

#[derive(Args)]
#[command(after_help = "Example:\n  chorda openapi > chorda-api.json")]
pub(crate) struct Arguments {}

pub(crate) fn run(_wanted: &Arguments, console: &Console) -> Result<(), Trouble> {
    let document =
        chorda::web::api::document().map_err(|error| Trouble::refused(error.words().1))?;
    console.line(serde_json::to_string_pretty(&document).map_err(Trouble::refused)?);
    Ok(())
}
