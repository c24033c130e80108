//! `chorda user`: people, at the computer's own console. Whoever can run this on the server can
//! register the first administrator and let a locked-out one in again; all of it is recorded.

use chorda::app::user_change::{Change, UserChange, user_change};
use chorda::app::user_password::password_reset;
use chorda::app::user_register::{UserRegister, console as at_console, user_register};
use chorda::app::{App, Caller};
use chorda::clock::Clock;
use chorda::domain::actor::Role;
use chorda::domain::id::Login;
use chorda::domain::user::IdentityCheck;
use chorda::store::user;
use clap::{Args, Subcommand};

use super::Site;
use super::console::{Console, Trouble};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Register a person; prints a password that works once
    Add(Add),
    /// List everybody, with roles and standing
    List(List),
    /// Unlock a name that was locked by wrong passwords
    Unlock(Because),
    /// Lock a name for ever; it is never given to another person
    Lock(Because),
    /// Give a new password that works once
    Reset(Because),
    /// Give a person one more role
    Grant(Grant),
    /// Take a role from a person
    Revoke(Grant),
    /// Record the designation as Qualified Person
    #[command(name = "designate-qp")]
    DesignateQp(Designate),
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda user add petra.vidmar --name 'Petra Vidmar' \
    --number 1004 --role administrator \\\n    --identity 'identity card seen'")]
pub(crate) struct Add {
    /// Sign-in name
    #[arg(value_parser = Login::parse)]
    login: Login,
    /// Full name, as printed under signatures
    #[arg(long)]
    name: String,
    /// Number by which the employer knows the person
    #[arg(long)]
    number: String,
    /// Role, once for each: technician, qc_analyst, qa, qualified_person, clinician,
    /// administrator, inspector
    #[arg(long = "role", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// How the identity was verified
    #[arg(long)]
    identity: String,
    /// By whom
    #[arg(long, default_value = "whoever runs the server")]
    by: String,
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda user list --json")]
pub(crate) struct List {}

#[derive(Args)]
#[command(
    after_help = "Example:\n  chorda user unlock ana.kos --reason 'identity confirmed at the \
    desk'\n  chorda user lock ana.kos --reason 'left the company'\n  \
    chorda user reset ana.kos --reason 'forgot the password'"
)]
pub(crate) struct Because {
    /// Sign-in name
    #[arg(value_parser = Login::parse)]
    login: Login,
    /// Why; it is recorded
    #[arg(long)]
    reason: String,
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda user grant ana.kos qc_analyst --reason 'qualified on \
    2026-11-02'\n  chorda user revoke ana.kos technician --reason 'moved to QC'")]
pub(crate) struct Grant {
    /// Sign-in name
    #[arg(value_parser = Login::parse)]
    login: Login,
    /// The role
    #[arg(value_parser = role)]
    role: Role,
    /// Why; it is recorded
    #[arg(long)]
    reason: String,
}

#[derive(Args)]
#[command(after_help = "Example:\n  chorda user designate-qp matej.hribar --from 2026-01-01 \
    --document QP-2026-01 \\\n    --reason 'named to the authority'")]
pub(crate) struct Designate {
    /// Sign-in name
    #[arg(value_parser = Login::parse)]
    login: Login,
    /// First day
    #[arg(long)]
    from: chrono::NaiveDate,
    /// Last day, if it ends
    #[arg(long)]
    until: Option<chrono::NaiveDate>,
    /// The document that designates
    #[arg(long)]
    document: String,
    /// Why; it is recorded
    #[arg(long)]
    reason: String,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
        format!("known roles are {}", known.join(", "))
    })
}

pub(crate) fn run(command: Command, site: &Site, console: &Console) -> Result<(), Trouble> {
    let app = App::open(site.complete()?, Clock::System).map_err(Trouble::refused)?;
    match command {
        Command::Add(wanted) => add(&app, wanted, console),
        Command::List(_) => list(&app, console),
        Command::Reset(wanted) => {
            let caller = caller(&app, &wanted.reason)?;
            let password =
                password_reset(&app, &caller, wanted.login.clone()).map_err(Trouble::refused)?;
            tell_password(&wanted.login, &password, console)
        }
        Command::Unlock(wanted) => {
            change(&app, &wanted.reason, wanted.login, Change::Unlock, console)
        }
        Command::Lock(wanted) => {
            change(&app, &wanted.reason, wanted.login, Change::Disable, console)
        }
        Command::Grant(wanted) => {
            let to = Change::GrantRole(wanted.role);
            change(&app, &wanted.reason, wanted.login, to, console)
        }
        Command::Revoke(wanted) => {
            let to = Change::RevokeRole(wanted.role);
            change(&app, &wanted.reason, wanted.login, to, console)
        }
        Command::DesignateQp(wanted) => {
            let Designate { login, from, until, document, reason } = wanted;
            change(&app, &reason, login, Change::Designate { from, until, document }, console)
        }
    }
}

fn caller(app: &App, reason: &str) -> Result<Caller, Trouble> {
    let caller = at_console(app).map_err(Trouble::refused)?;
    Ok(Caller { reason: Some(reason.to_owned()), ..caller })
}

fn add(app: &App, wanted: Add, console: &Console) -> Result<(), Trouble> {
    let caller = at_console(app).map_err(Trouble::refused)?;
    let login = wanted.login.clone();
    let command = UserRegister {
        login: wanted.login,
        printed_name: wanted.name,
        personnel_number: wanted.number,
        identity: IdentityCheck { how: wanted.identity, by: wanted.by },
        roles: wanted.roles,
    };
    let password = user_register(app, &caller, command).map_err(Trouble::refused)?;
    tell_password(&login, &password, console)
}

fn tell_password(login: &Login, password: &str, console: &Console) -> Result<(), Trouble> {
    if console.json {
        return console.data(&serde_json::json!({ "login": login, "password": password }));
    }
    console.line(format!("{login} signs in once with this password, and then chooses another:"));
    console.line(password);
    Ok(())
}

fn change(
    app: &App,
    reason: &str,
    login: Login,
    change: Change,
    console: &Console,
) -> Result<(), Trouble> {
    let command = UserChange { login: login.clone(), change };
    user_change(app, &caller(app, reason)?, command).map_err(Trouble::refused)?;
    if console.json {
        return console.data(&serde_json::json!({ "login": login, "done": true }));
    }
    console.line(format!("{login}: done, and recorded"));
    Ok(())
}

fn list(app: &App, console: &Console) -> Result<(), Trouble> {
    let people = app.read(user::list).map_err(Trouble::refused)?;
    let roles = |person: &user::Person| -> Vec<&'static str> {
        person.roles.iter().map(|role| role.code()).collect()
    };
    if console.json {
        let rows: Vec<_> = people
            .iter()
            .map(|person| {
                serde_json::json!({
                    "login": person.login,
                    "name": person.printed_name,
                    "number": person.personnel_number,
                    "roles": roles(person),
                    "standing": format!("{:?}", person.standing).to_lowercase(),
                })
            })
            .collect();
        return console.data(&rows);
    }
    for person in &people {
        console.line(format!(
            "{:20} {:24} {:9} {}",
            person.login.as_str(),
            person.printed_name,
            format!("{:?}", person.standing).to_lowercase(),
            roles(person).join(", ")
        ));
    }
    Ok(())
}
