//! Which passwords are accepted: long ones that are not the first to be guessed.

use super::refusal::PasswordRefusal;
use crate::domain::id::Login;

/// The shortest password, in characters (NIST SP 800-63B-4, single factor).
pub const PASSWORD_LENGTH_MIN: usize = 15;
/// The longest password, in characters.
pub const PASSWORD_LENGTH_MAX: usize = 128;

/// Beginnings that guessing programs try first; written without spaces, lower case.
const COMMON: [&str; 12] = [
    "password",
    "passphrase",
    "correcthorsebattery",
    "qwertyuiop",
    "qwertzuiop",
    "abcdefghijklmno",
    "letmein",
    "welcome",
    "administrator",
    "iloveyou",
    "0123456789",
    "1234567890",
];

/// Checks a new password. Length counts characters, so that any alphabet may be used.
///
/// # Errors
/// Which rule it does not keep.
pub fn check_password(
    password: &str,
    login: &Login,
    printed_name: &str,
) -> Result<(), PasswordRefusal> {
    let length = password.chars().count();
    if length < PASSWORD_LENGTH_MIN {
        return Err(PasswordRefusal::TooShort);
    }
    if length > PASSWORD_LENGTH_MAX {
        return Err(PasswordRefusal::TooLong);
    }
    let folded: String = password.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let mut names = printed_name.split_whitespace().chain([login.as_str()]);
    if names.any(|name| name.chars().count() >= 4 && folded.contains(&name.to_lowercase())) {
        return Err(PasswordRefusal::ContainsName);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 6 || COMMON.iter().any(|common| folded.starts_with(common)) {
        return Err(PasswordRefusal::Guessable);
    }
    Ok(())
}
