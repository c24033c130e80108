//! A process: a protocol and the master records that lead to what it gives.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::stage::Trouble;
use crate::app::master_record_approve::SHIPPED;
use crate::app::site::protocol;
use crate::domain::master_record::{Input, MasterRecord, parse};
use crate::site::{Published, Site};

/// A process as it is played.
#[derive(Debug, Clone)]
pub struct Process {
    /// How it is named on the command line.
    pub name: String,
    /// What it is, in words.
    pub title: String,
    /// The protocol under which its product is ordered.
    pub protocol: String,
    /// The texts of its master records; each before those that use what it makes.
    pub texts: Vec<String>,
    /// The site file with that protocol; none for the site that comes with the program.
    pub site: Option<PathBuf>,
}

impl Process {
    /// The process that leads to the product of a protocol, out of these texts.
    ///
    /// # Errors
    /// When the site has no such protocol, or no text is of the record that it names.
    pub fn of(site: &Site, id: &str, texts: &[&str]) -> Result<Self, Trouble> {
        let protocol = &protocol(site, id)?.protocol;
        let mut records = Vec::new();
        for text in texts {
            let faulty = |faults| Trouble::Script(format!("a record of {id} is faulty: {faults}"));
            records.push(Arc::new(parse(text).map_err(faulty)?));
        }
        let last = records
            .iter()
            .find(|record| record.record.id == protocol.product.master_record)
            .ok_or_else(|| Trouble::Missing(format!("{}", protocol.product.master_record)))?;
        let mut needed = vec![Arc::clone(last)];
        let mut at = 0;
        while let Some(record) = needed.get(at).cloned() {
            for input in &record.inputs {
                if let Some(maker) = maker(&records, input)
                    && !needed.contains(&maker)
                {
                    needed.push(maker);
                }
            }
            at = at.saturating_add(1);
        }
        Ok(Self {
            name: id.to_lowercase(),
            title: protocol.title.clone(),
            protocol: id.to_owned(),
            texts: needed.iter().rev().map(|record| record.text.clone()).collect(),
            site: None,
        })
    }

    /// Whether it is meant by a name: its own, or the beginning of it.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let rest = self.name.strip_prefix(&name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// Its records, read.
    pub(super) fn records(&self) -> Result<Vec<Arc<MasterRecord>>, Trouble> {
        let read = |text: &String| match parse(text) {
            Ok(record) => Ok(Arc::new(record)),
            Err(faults) => Err(Trouble::Script(faults.to_string())),
        };
        self.texts.iter().map(read).collect()
    }
}

/// The record that makes what an input asks for; none for what a donor gives.
pub(super) fn maker(records: &[Arc<MasterRecord>], input: &Input) -> Option<Arc<MasterRecord>> {
    let fits = |record: &&Arc<MasterRecord>| {
        let named = input.accepts.iter().any(|accepted| {
            accepted.id == record.record.id && accepted.versions.contains(&record.record.version)
        });
        let makes = record
            .outputs
            .iter()
            .any(|output| output.material == input.material && output.container == input.container);
        makes && (named || input.accepts.is_empty())
    };
    records.iter().find(fits).cloned()
}

/// Every process that comes with the program, records and all, in the order of the site's
/// protocols.
///
/// # Errors
/// Never in practice: a test plays them.
pub fn shipped() -> Result<Vec<Process>, Trouble> {
    let site = Site::example().map_err(|error| Trouble::Script(error.to_string()))?;
    let texts = SHIPPED.map(|(_, text)| text);
    let known: Vec<MasterRecord> = texts.iter().filter_map(|text| parse(text).ok()).collect();
    let made = |published: &&Published| {
        let wanted = &published.protocol.product.master_record;
        known.iter().any(|record| record.record.id == *wanted)
    };
    site.protocols
        .iter()
        .filter(made)
        .map(|published| Process::of(&site, published.protocol.id.as_str(), &texts))
        .collect()
}
