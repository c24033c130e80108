//! The command line as a stranger meets it: help, exit status, what goes where.

mod code;
mod label;
mod mbr;
mod protocol;
mod site;

use std::process::{Command, Output, Stdio};

/// Runs the program with arguments and an environment that holds none of its settings.
pub(crate) fn chorda(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chorda"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHORDA_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// What it printed to standard output.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it printed to standard error.
pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The names of the commands below `path`, as its help lists them.
fn subcommands(path: &[&str]) -> Vec<String> {
    let mut arguments = path.to_vec();
    arguments.push("--help");
    let help = out(&chorda(&arguments));
    let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
    list.lines()
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Every command that does something itself, with the words that lead to it.
fn commands() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for name in subcommands(&[]) {
        let below = subcommands(&[&name]);
        if below.is_empty() {
            found.push(vec![name]);
        } else {
            found.extend(below.into_iter().map(|verb| vec![name.clone(), verb]));
        }
    }
    found
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands = commands();
    assert!(commands.len() >= 2);
    for command in commands {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let output = chorda(&arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let help = out(&output);
        let example = format!("chorda {}", command.join(" "));
        assert!(help.contains("Example:") && help.contains(&example), "{arguments:?}:\n{help}");
    }
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    for arguments in [&["nonsense"][..], &["code"], &["code", "parse"], &["--nonsense"]] {
        assert_eq!(chorda(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = chorda(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        for command in commands() {
            assert!(out(&output).contains(&command[0]), "{shell}: {command:?}");
        }
    }
}
