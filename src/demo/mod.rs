//! The demo: the whole job, from four cords to four syringes, told in one go; and a player that
//! performs any other process from its files.
//!
//! Each chapter calls the same use cases as the screens, as the same people, under the same rules;
//! only the clock is the story's own, so that weeks pass in seconds and every run has the same
//! dates and numbers. Where a real day brings a mistake, the story tries it, and the refusal is
//! printed in the words a person would read.
//!
//! Neighbours: `app` does the work; the command line chooses where the records go.
//!
//! Architecture invariant: nothing here writes past a use case, and no result is told that was not
//! read back from the records.

mod bank;
mod cast;
mod clinic;
mod culture;
mod documents;
mod donors;
mod dose;
mod laboratory;
mod late;
mod order;
mod play;
mod player;
mod release;
mod site;
mod stage;
mod voice;
mod work;

pub use cast::{PASSWORD, People, Person};
pub use play::{Options, Played, Story, Summary, Until, play};
pub use player::{Process, shipped};
pub use stage::{Counts, Stage, Trouble};
pub use voice::Voice;
