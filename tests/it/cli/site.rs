//! A site from the console: people, settings and their order of strength, backup and restore.

use std::path::{Path, PathBuf};

use super::{chorda, err, out};

/// A folder of its own for one test; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chorda-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn database(&self, name: &str) -> String {
        format!("--database=sqlite:{}", self.path(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn add<'a>(database: &'a str, login: &'a str, number: &'a str, role: &'a str) -> [&'a str; 12] {
    let name = "Petra Vidmar";
    let seen = "identity card seen";
    [
        "user",
        "add",
        login,
        "--name",
        name,
        "--number",
        number,
        "--role",
        role,
        "--identity",
        seen,
        database,
    ]
}

#[test]
fn people_are_registered_listed_and_unlocked_at_the_console() {
    let folder = Folder::new("people");
    let database = folder.database("site.db");
    let output = chorda(&add(&database, "petra.vidmar", "1004", "administrator"));
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).lines().last().unwrap().len() >= 20, "{}", out(&output));
    let again = chorda(&add(&database, "petra.vidmar", "1005", "administrator"));
    assert_eq!(again.status.code(), Some(1), "a sign-in name is never given twice");
    let reused = chorda(&add(&database, "other.name", "1004", "technician"));
    assert_eq!(reused.status.code(), Some(1), "one person, one name");
    let apart = chorda(&add(&database, "other.name", "1006", "nonsense"));
    assert_eq!(apart.status.code(), Some(2), "an unknown role is a wrong command line");
    let list = chorda(&["user", "list", "--json", &database]);
    let people: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(people.as_array().unwrap().len(), 1);
    assert_eq!(people[0]["roles"][0], "administrator");
    let reason = "--reason=forgot it";
    let reset = chorda(&["user", "reset", "petra.vidmar", reason, &database]);
    assert_eq!(reset.status.code(), Some(0), "{}", err(&reset));
    let verified = chorda(&["verify", &database]);
    assert_eq!(verified.status.code(), Some(0), "{}", out(&verified));
    assert!(out(&verified).starts_with("PASS"));
}

#[test]
fn a_backup_is_verified_restored_and_overwrites_nothing() {
    let folder = Folder::new("backup");
    let database = folder.database("site.db");
    assert!(chorda(&add(&database, "petra.vidmar", "1004", "administrator")).status.success());
    let file = folder.path("backup.db");
    let first = chorda(&["backup", &file, &database]);
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    assert_eq!(chorda(&["backup", &file, &database]).status.code(), Some(1), "never overwritten");
    let copy = folder.database("copy.db");
    // The keys travel apart from the records.
    copy_folder(Path::new(&folder.path("site.secrets")), Path::new(&folder.path("copy.secrets")));
    let restored = chorda(&["restore", &file, &copy]);
    assert_eq!(restored.status.code(), Some(0), "{}", err(&restored));
    let list = chorda(&["user", "list", &copy]);
    assert!(out(&list).contains("petra.vidmar"), "{}", err(&list));
    assert_eq!(chorda(&["restore", &file, &copy]).status.code(), Some(1), "never overwritten");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_server_that_is_told_to_stop_signs_a_checkpoint_over_everything_first() {
    let folder = Folder::new("stop");
    let database = folder.database("site.db");
    let added = chorda(&add(&database, "petra.vidmar", "1004", "administrator"));
    let password = out(&added).lines().last().unwrap().trim().to_owned();
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_chorda"))
        .env_clear()
        .args(["serve", "--listen=127.0.0.1:0", &database])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(server.stderr.take().unwrap());
    let mut address = String::new();
    while !address.starts_with("Serving") {
        address.clear();
        assert!(std::io::BufRead::read_line(&mut said, &mut address).unwrap() > 0, "it serves");
    }
    let origin = address.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let agent = ureq::Agent::config_builder().max_redirects(0).build().new_agent();
    let form = [("login", "petra.vidmar"), ("password", password.as_str())];
    let signed_in =
        agent.post(format!("{origin}/sign-in")).header("origin", origin).send_form(form);
    assert_eq!(signed_in.unwrap().status(), 303, "an event that nothing has sealed yet");
    let pid = server.id().to_string();
    let stop = std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(stop.success());
    assert!(server.wait().unwrap().success());
    let verified = chorda(&["verify", "--json", &database]);
    let report: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(report["passed"], true, "{report}");
    assert_eq!(report["sealed"], report["events"], "{report}");
    let file = std::fs::read_to_string(folder.path("site.checkpoints")).unwrap();
    let size = format!("\n{}\n", report["events"]);
    assert!(file.contains(&size), "the file outside has a checkpoint of that size: {file}");
}

#[test]
fn verification_of_what_does_not_exist_fails_and_creates_nothing() {
    let folder = Folder::new("nothing");
    let output = chorda(&["verify", &folder.database("none.db")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("does not exist"), "{}", err(&output));
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let folder = Folder::new("strength");
    let file = folder.path("chorda.toml");
    let [in_file, in_environment, in_flag] =
        ["file", "environment", "flag"].map(|name| folder.path(&format!("no-such-{name}.db")));
    std::fs::write(&file, format!("database = \"sqlite:{in_file}\"\n")).unwrap();
    let config = format!("--config={file}");
    let flag = format!("--database=sqlite:{in_flag}");
    let run = |environment: bool, arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_chorda"));
        command.env_clear().args(arguments);
        if environment {
            command.env("CHORDA_DATABASE", format!("sqlite:{in_environment}"));
        }
        err(&command.output().unwrap())
    };
    assert!(run(false, &["verify", &config]).contains(&in_file));
    assert!(run(true, &["verify", &config]).contains(&in_environment));
    assert!(run(true, &["verify", &config, &flag]).contains(&in_flag));
}

#[test]
fn settings_that_are_not_understood_are_a_wrong_command_line() {
    let folder = Folder::new("settings");
    let file = folder.path("chorda.toml");
    std::fs::write(&file, "audit_trail = false\n").unwrap();
    let output = chorda(&["verify", &format!("--config={file}")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("audit_trail"), "{}", err(&output));
    for (setting, value) in [("--idle-lock-minutes", "16"), ("--idle-lock-minutes", "0")] {
        let output = chorda(&["serve", setting, value, &folder.database("site.db")]);
        assert_eq!(output.status.code(), Some(2), "{setting} {value}");
    }
}

#[test]
fn what_is_wrong_in_a_site_file_is_told_with_file_and_line() {
    let folder = Folder::new("site-file");
    let (site, calendar) = (folder.path("site.toml"), folder.path("calendar.toml"));
    let protocols = std::env::current_dir().unwrap().join("templates/protocols");
    let rules = std::env::current_dir().unwrap().join("templates/rules");
    let days = std::fs::read_to_string("templates/calendars/slovenia.toml").unwrap();
    let text = format!(
        "format = 1\n[site]\nname = \"Cell house\"\naddress = \"Primer Street 2, Ljubljana\"\n\
         facility = \"W1234\"\nzone = \"Europe/Ljubljana\"\n[files]\n\
         calendar = \"calendar.toml\"\nprotocols = [{protocols:?}]\ndonor_rules = [{rules:?}]\n"
    );
    let run = |text: &str, days: &str| {
        std::fs::write(&site, text).unwrap();
        std::fs::write(&calendar, days).unwrap();
        let flag = format!("--site={site}");
        let output = chorda(&["verify", &flag, &folder.database("none.db")]);
        (output.status.code(), err(&output))
    };
    let (code, said) = run(&text, &days);
    assert_eq!(code, Some(1), "the site is good, the database is not there: {said}");
    assert!(said.contains("does not exist"), "{said}");
    let cases = [
        ("name = \"Cell house\"", "name = \" \"", "site.toml, line 3: the name is empty"),
        ("facility = \"W1234\"", "facility = \"A9999\"", "site.toml, line 5: A9990 to A9999"),
        ("facility = \"W1234\"", "facility = \"W12\"", "site.toml, line 5: write the 5"),
        ("Europe/Ljubljana", "Europe/Atlantis", "site.toml, line 6: write an IANA zone"),
        ("calendar.toml", "kalender.toml", "site.toml, line 8: "),
        ("zone = ", "tone = ", "site.toml, line 6: unknown field `tone`"),
        ("donor_rules = [", "donor_rules = [] #", "site.toml, line 10: name at least one file"),
    ];
    for (from, to, words) in cases {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        let (code, said) = run(&wrong, &days);
        assert_eq!((code, said.contains(words)), (Some(2), true), "{words}: {said}");
    }
    let (code, said) = run(&text, &days.replacen("02-08", "02-30", 1));
    assert_eq!(code, Some(2));
    assert!(said.contains("calendar.toml, line 29"), "{said}");
    let missing = chorda(&["verify", "--site=no-such-site.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(err(&missing).contains("no-such-site.toml"), "{}", err(&missing));
}
