//! What is ordered under a protocol: what it proposes, and where that depends on the patient, what
//! this patient is; and doses that it must refuse.

use crate::domain::id::Name;
use crate::domain::protocol::{
    DoseAsked, DoseBy, Protocol, RouteDose, RouteVolume, SiteDose, Weighing,
};
use crate::domain::quantity::{Quantity, Unit};
use crate::domain::time::{Instant, Span};

/// The dose of this patient, weighed an hour ago.
pub(super) fn asked(protocol: &Protocol, now: Instant) -> DoseAsked {
    match (DoseAsked::proposed(protocol), &protocol.dose.by) {
        (DoseAsked::PerKg { site, .. }, DoseBy::Weight(rule)) => DoseAsked::PerKg {
            site: site.or_else(|| rule.sites.first().map(|site| site.name.clone())),
            weight: Some(weighed(now.minus(Span::of_hours(1)))),
        },
        (DoseAsked::ByLevel { level, sites }, DoseBy::Level(rule)) => DoseAsked::ByLevel {
            level: level.or_else(|| rule.levels.first().map(|level| level.number)),
            sites: match sites.is_empty() {
                true => rule.sites.first().map(|site| site.name.clone()).into_iter().collect(),
                false => sites,
            },
        },
        (DoseAsked::ByRoute { .. }, DoseBy::Route(rule)) => DoseAsked::ByRoute {
            routes: rule
                .routes
                .iter()
                .map(|route| RouteDose {
                    route: route.name.clone(),
                    area: match &route.volume {
                        RouteVolume::Fixed(_) => None,
                        RouteVolume::PerArea { least, .. } => Some(*least),
                    },
                })
                .collect(),
        },
        (proposed, _) => proposed,
    }
}

fn weighed(measured_at: Instant) -> Weighing {
    Weighing { weight: Quantity::whole(64, Unit::Kilogram), measured_at }
}

/// Doses that this protocol refuses, each with the words for it.
pub(super) fn wrong(
    protocol: &Protocol,
    asked: &DoseAsked,
    now: Instant,
) -> Vec<(String, DoseAsked)> {
    let mut wrong = Vec::new();
    match (&protocol.dose.by, asked) {
        (DoseBy::Weight(rule), DoseAsked::PerKg { site, .. }) => {
            let with = |weight| DoseAsked::PerKg { site: site.clone(), weight };
            wrong.push(("order by weight without a weight".to_owned(), with(None)));
            let old = now.minus(rule.weight_max_age).minus(Span::of_days(1));
            let words = "order by a weight that was measured too long ago".to_owned();
            wrong.push((words, with(Some(weighed(old)))));
        }
        (DoseBy::Level(rule), DoseAsked::ByLevel { sites, .. }) => {
            let highest = rule.levels.iter().map(|level| level.number).max().unwrap_or(0);
            let above = highest.saturating_add(1);
            let asked = DoseAsked::ByLevel { level: Some(above), sites: sites.clone() };
            wrong.push((format!("order at dose level {above}, which there is not"), asked));
            let asked = DoseAsked::ByLevel { level: Some(highest), sites: sites.clone() };
            if rule.levels.len() > 1 {
                wrong.push((format!("order at dose level {highest}, which is not open"), asked));
            }
        }
        (DoseBy::Route(_), DoseAsked::ByRoute { routes }) => {
            let mut other = routes.clone();
            if let Ok(route) = Name::parse("another_route") {
                other.push(RouteDose { route, area: None });
            }
            let words = "order by a route that the protocol does not have".to_owned();
            wrong.push((words, DoseAsked::ByRoute { routes: other }));
        }
        (DoseBy::Site(_), DoseAsked::PerSite { sites }) => {
            let doubled = |dose: &SiteDose| {
                let cells = dose.cells.plus(dose.cells).unwrap_or(dose.cells);
                SiteDose { target: dose.target.clone(), cells }
            };
            let sites = sites.iter().map(doubled).collect();
            wrong.push(("order the double dose".to_owned(), DoseAsked::PerSite { sites }));
        }
        _ => {}
    }
    wrong
}
