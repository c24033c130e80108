//! TLS to PostgreSQL: every `sslmode`, against a server that has a certificate.

use chorda::db::tls::{PgAddress, SslMode};
use chorda::store::{Store, StoreConfig};

use crate::support::{TestStore, fresh_folder, postgres_url};

#[test]
fn an_address_is_taken_apart() {
    let address =
        PgAddress::parse("postgres://ana:p%40ss@db.example:5433/site?sslmode=verify-full");
    let address = address.expect("parses");
    assert_eq!(address.ssl_mode(), SslMode::VerifyFull);
    assert_eq!(address.shown(), "postgres://ana@db.example:5433/site");
    let plain = PgAddress::parse("postgresql://localhost/site").expect("parses");
    assert_eq!(plain.ssl_mode(), SslMode::Prefer);
    assert_eq!(plain.shown(), "postgres://localhost:5432/site");
    for wrong in ["mysql://x/y", "postgres://h/d?sslmode=sometimes", "postgres://h:port/d"] {
        let error = PgAddress::parse(wrong).expect_err(wrong);
        assert!(!error.to_string().contains("secret"));
    }
    let error = PgAddress::parse("postgres://u:secret@h:port/d").expect_err("wrong port");
    assert!(!error.to_string().contains("secret"), "{error}");
}

/// The server's address with this way of encryption; `None` when the server has no certificate.
fn with_mode(mode: &str, root: Option<&str>) -> Option<String> {
    let url = postgres_url()?;
    let base = url.split('?').next().unwrap_or_default().to_owned();
    let root = root.map(|root| format!("&sslrootcert={root}")).unwrap_or_default();
    Some(format!("{base}?sslmode={mode}{root}"))
}

fn reach(url: &str) -> Result<(), String> {
    let mut config = StoreConfig::new(url);
    config.key_folder = Some(fresh_folder());
    // The schema of the account is empty: to be told so means that the connection stands.
    match Store::inspect(&config) {
        Ok(_) => Ok(()),
        Err(error) if error.to_string().contains("holds no ledger") => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_server_with_a_certificate_is_reached_encrypted() {
    let (Ok(ca), Some(url)) = (std::env::var("CHORDA_TEST_POSTGRES_CA"), postgres_url()) else {
        return;
    };
    assert!(url.contains("@127.0.0.1") || url.contains("@localhost"));
    for mode in ["disable", "prefer", "require"] {
        reach(&with_mode(mode, None).expect("a server")).expect(mode);
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        reach(&with_mode(mode, Some(&ca)).expect("a server")).expect(mode);
    }
    // The system's authorities do not know this certificate.
    for mode in ["verify-ca", "verify-full"] {
        let error = reach(&with_mode(mode, Some("system")).expect("a server"));
        assert!(error.is_err(), "{mode} accepted an unknown authority");
    }
}

#[test]
fn an_encrypted_store_works_like_any_other() {
    if std::env::var("CHORDA_TEST_POSTGRES_CA").is_err() {
        return;
    }
    let Some(store) = TestStore::postgres_with("sslmode=require") else { return };
    assert!(encrypted(&store), "the session is not encrypted");
    let ana = crate::support::person("ana", chorda::domain::actor::Role::Technician);
    store
        .write(crate::support::envelope(&ana, "bench-1"), |tx| tx.record([super::door::begin("a")]))
        .expect("written");
    assert!(chorda::store::verify::run(&store).expect("verifies").passed);
}

fn encrypted(store: &Store) -> bool {
    use diesel::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        ssl: bool,
    }
    let query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    store.read(|db| Ok(diesel::sql_query(query).get_result::<Row>(db)?.ssl)).expect("reads")
}
