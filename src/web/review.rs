//! The last look before signing: what was entered, in the words that are signed, and the password.
//! A form that signs what it carries is sent twice: first to be checked, then with the signature.
//!
//! Neighbours: `app::shown` makes the words; each slice's handler decides which form it is.
//!
//! Architecture invariant: what this page shows is exactly what the signature covers.

use askama::Template;

use super::component::{Banner, Head, SignatureBlock};
use super::cx::Cx;
use super::error::WebError;
use super::filters;
use super::icon::Icon;
use super::page::Shell;
use super::reply::Reply;
use crate::app::shown::Shown;
use crate::domain::actor::{Meaning, Signature};
use crate::store::Failure;

/// What is reviewed and where it goes.
#[derive(Debug, Clone)]
pub struct Review {
    /// The page's title.
    pub title: String,
    /// The address and the words of the page to go back to.
    pub back: (String, String),
    /// Where the signed form goes.
    pub action: String,
    /// What is signed.
    pub shown: Shown,
    /// What the signature means.
    pub meaning: Meaning,
    /// What is asked of a second person, if one signs too.
    pub second: Option<Meaning>,
    /// The words on the button.
    pub button: &'static str,
    /// A sentence to be read first.
    pub banner: Option<Banner>,
}

#[derive(Template)]
#[template(path = "review/sign.html")]
struct Page {
    shell: Shell,
    head: Head,
    banner: Option<Banner>,
    action: String,
    hidden: Vec<(String, String)>,
    sign: SignatureBlock,
    second: Option<SignatureBlock>,
    button: &'static str,
    back: String,
}

/// Whether the form comes back from this page, with a signature.
pub fn is_signed(cx: &Cx) -> bool {
    cx.form().get("sign_hash").is_some()
}

/// Shows the page until it comes back signed, then carries out what was signed.
///
/// # Errors
/// When the content has no hash, the signature is refused for another reason than its password, or
/// the act is refused.
pub fn sign_and<T>(
    cx: &Cx,
    review: Review,
    run: impl FnOnce(Signature) -> Result<T, Failure>,
    done: impl FnOnce(T) -> Reply,
) -> Result<Reply, WebError> {
    if !is_signed(cx) {
        return page(cx, review, None);
    }
    match cx.sign(review.meaning, &review.shown.hash()?) {
        Ok(signature) => Ok(done(run(signature)?)),
        Err(error) if error.beside("sign").is_some() => page(cx, review, Some(&error)),
        Err(error) => Err(error),
    }
}

/// The page; `error` is what was wrong with the last signature.
///
/// # Errors
/// When the content has no hash.
pub fn page(cx: &Cx, review: Review, error: Option<&WebError>) -> Result<Reply, WebError> {
    let hash = review.shown.hash()?;
    let mut sign = cx.signature_block(review.meaning, &hash)?;
    for (name, value) in &review.shown.lines {
        sign = sign.line(name.clone(), value.clone());
    }
    let beside = |prefix| error.and_then(|error| error.beside(prefix));
    let second = review
        .second
        .map(|meaning| SignatureBlock::second_person(meaning, &hash).error(beside("second")));
    let ours = |name: &str| {
        name == "csrf"
            || name == "command_id"
            || name.starts_with("sign_")
            || name.starts_with("second_")
    };
    let carried = cx.form().with_prefix("").filter(|(name, _)| !ours(name));
    let (address, words) = review.back;
    let page = Page {
        shell: cx.shell(review.title.clone()),
        head: Head::new(review.title).under(address.clone(), words),
        banner: review.banner,
        action: review.action,
        hidden: carried.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        sign: sign.error(beside("sign")),
        second,
        button: review.button,
        back: address,
    };
    if error.is_some() { cx.page_again(&page) } else { cx.page(&page) }
}
