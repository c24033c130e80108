//! `chorda completions`: what a shell needs to complete this program's command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::console::Trouble;

#[derive(Args)]
#[command(after_help = "Example:\n  chorda completions bash > /etc/bash_completion.d/chorda")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(wanted: &Arguments) -> Result<(), Trouble> {
    let mut command = super::Arguments::command();
    clap_complete::generate(wanted.shell, &mut command, "chorda", &mut std::io::stdout().lock());
    Ok(())
}
