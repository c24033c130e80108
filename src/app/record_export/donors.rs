//! The donors behind the product, by code: donation, consent, markers, decision.
//!
//! Architecture invariant: codes only; nothing here could name a person who donated.

use super::{Gathered, mark};
use crate::db::Db;
use crate::domain::Aggregate;
use crate::domain::donor::{Donor as State, MarkerResult, Reaction};
use crate::domain::genealogy::NodeKind;
use crate::domain::id::{Din, DonorCode};
use crate::record::{Donor, DonorResult, Verdict};
use crate::store::{Failure, donor};

impl Gathered {
    fn donor_codes(&self) -> Vec<DonorCode> {
        let nodes = self.graph.nodes();
        let donors = nodes.iter().filter(|node| node.kind() == NodeKind::Donor);
        donors.filter_map(|node| DonorCode::parse(node.id()).ok()).collect()
    }

    pub(super) fn donors(&mut self, db: &mut Db) -> Result<Vec<Donor>, Failure> {
        let mut donors = Vec::new();
        for code in self.donor_codes() {
            let entries = self.streams.whole(db, &State::stream(code.as_str()))?;
            let state = State::fold(entries.iter().map(|entry| &entry.recorded));
            let Some(state) = state else { continue };
            let given = donor::donations_of(db, &code)?;
            let decision = state.decisions.last();
            let din = decision.map(|decided| &decided.donation);
            donors.push(Donor {
                code: code.to_string(),
                donation: din.map_or("–".to_owned(), Din::printed),
                collected: given
                    .iter()
                    .find(|row| Some(&row.din) == din)
                    .map(|row| self.moment(row.donated_at)),
                consent: consent(&state),
                eligibility: match decision {
                    Some(decided) if decided.eligible => "eligible".to_owned(),
                    Some(_) => format!("not eligible: {}", state.because),
                    None => "not decided".to_owned(),
                },
                eligible: decision.is_some_and(|decided| decided.eligible),
                rule_set: decision.map_or_else(String::new, |decided| {
                    let rules = &decided.verdict.rule_set;
                    format!("{} version {}", rules.id, rules.version)
                }),
                decided: decision.map(|decided| mark(&decided.signature)),
                results: state.results.iter().map(|result| self.marker(&state, result)).collect(),
            });
        }
        Ok(donors)
    }

    fn marker(&self, state: &State, result: &MarkerResult) -> DonorResult {
        let sampled = state.sample(result.sample).map(|sample| self.moment(sample.drawn_at).text);
        DonorResult {
            marker: result.marker.to_string(),
            result: result.reaction.word().to_owned(),
            sampled: sampled.unwrap_or_default(),
            verdict: match result.reaction {
                Reaction::NonReactive => Verdict::In,
                Reaction::Reactive => Verdict::Out,
                Reaction::Indeterminate => Verdict::Alert,
            },
        }
    }
}

fn consent(state: &State) -> String {
    let scopes: Vec<&str> = state.consented().into_iter().map(|scope| scope.word()).collect();
    let form = state.consents.last().map_or("none", |consent| consent.form_version.as_str());
    format!("form {form}: {}", scopes.join(", "))
}
