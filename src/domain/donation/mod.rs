//! Donations: tissue received from a donor under its own donation identification number.
//!
//! Neighbours: `donor` decides whether it may be used; the collection pot is a `container`.
//!
//! Architecture invariant: a donation is received once and never changed.

use super::container::{self, ContainerKind, Contents, Custodian, ProductIdentity};
use super::deviation::{self, Class, Deviation, Origin, Subject};
use super::disposition::Disposition;
use super::donor::{Donor, Receipt, RuleSet, Scope};
use super::id::{ContainerCode, DeviationNumber, Din, DonationSequenceId, DonorCode};
use super::quantity::{Quantity, Unit};
use super::time::{Instant, Span};
use super::{Aggregate, Change, Context, Recorded, RefusalKind};
use serde::{Deserialize, Serialize};

/// Tissue that is donated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tissue {
    /// Umbilical cord; a donor gives it once.
    UmbilicalCord,
    /// Lipoaspirate, which holds adipose tissue; a donor may give it again.
    Lipoaspirate,
    /// Bone marrow aspirate; a donor may give it again.
    BoneMarrow,
}

impl Tissue {
    /// Every tissue with code and words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::UmbilicalCord, "umbilical_cord", "umbilical cord"),
        (Self::Lipoaspirate, "lipoaspirate", "lipoaspirate"),
        (Self::BoneMarrow, "bone_marrow", "bone marrow"),
    ];

    /// The code in tables and forms.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(tissue, ..)| *tissue == self).map_or("", |(_, code, _)| code)
    }

    /// The words on screens.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(tissue, ..)| *tissue == self).map_or("", |(.., word)| word)
    }

    /// The tissue of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(tissue, ..)| *tissue)
    }

    /// What of it is measured on receipt: the length of a cord, the volume of a liquid.
    pub fn measure(self) -> (&'static str, Unit) {
        match self {
            Self::UmbilicalCord => ("length", Unit::Centimetre),
            Self::Lipoaspirate | Self::BoneMarrow => ("volume", Unit::Millilitre),
        }
    }

    /// Whether a donor gives it once.
    pub fn is_given_once(self) -> bool {
        self == Self::UmbilicalCord
    }
}

/// An event of a donation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The tissue was received (ATMP-22).
    Received {
        /// Who gave it.
        donor: DonorCode,
        /// What was given.
        tissue: Tissue,
        /// Its donation identification sequence, where the site is a tissue establishment. It is
        /// allocated on receipt and never altered (Directive 2006/86/EC Art. 10b).
        sequence: Option<DonationSequenceId>,
        /// When it was given: the birth, or the procurement.
        donated_at: Instant,
        /// When it was received here.
        received_at: Instant,
        /// How much: the length of a cord, `cm`, or the volume of a liquid, `mL`.
        amount: Quantity,
        /// Temperature on receipt, `Cel`.
        temperature: Quantity,
        /// Condition of tissue and packaging, in words.
        condition: String,
        /// The collection pot it is in.
        container: ContainerCode,
    },
}

/// A donation, as its events tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Donation {
    /// Its donation identification number.
    pub din: String,
    /// Number of events so far.
    pub version: u64,
    /// Who gave it.
    pub donor: DonorCode,
    /// What was given.
    pub tissue: Tissue,
    /// Its donation identification sequence, as allocated on receipt.
    pub sequence: Option<DonationSequenceId>,
    /// When it was given.
    pub donated_at: Instant,
    /// When it was received here.
    pub received_at: Instant,
    /// How much: the length of a cord, the volume of a liquid.
    pub amount: Quantity,
    /// Temperature on receipt.
    pub temperature: Quantity,
    /// Condition.
    pub condition: String,
    /// The collection pot.
    pub container: ContainerCode,
}

impl Aggregate for Donation {
    type Event = Event;

    const KIND: &'static str = "donation";

    fn own(event: &super::Event) -> Option<&Event> {
        Self::own_event(event)
    }

    fn apply(state: Option<Self>, recorded: &Recorded, event: &Event) -> Option<Self> {
        if state.is_some() {
            return state;
        }
        let Event::Received {
            donor,
            tissue,
            sequence,
            donated_at,
            received_at,
            amount,
            temperature,
            condition,
            container,
        } = event;
        Some(Self {
            din: recorded.stream.id().to_owned(),
            version: recorded.version,
            donor: donor.clone(),
            tissue: *tissue,
            sequence: sequence.clone(),
            donated_at: *donated_at,
            received_at: *received_at,
            amount: *amount,
            temperature: *temperature,
            condition: condition.clone(),
            container: container.clone(),
        })
    }
}

/// A request to receive a donation.
#[derive(Debug, Clone, PartialEq)]
pub struct Receive {
    /// Its number.
    pub din: Din,
    /// Who gave it.
    pub donor: DonorCode,
    /// What was given.
    pub tissue: Tissue,
    /// When it was given.
    pub donated_at: Instant,
    /// When it was received here.
    pub received_at: Instant,
    /// How much: the length of a cord, `cm`, or the volume of a liquid, `mL`.
    pub amount: Option<Quantity>,
    /// Temperature on receipt, `Cel`.
    pub temperature: Quantity,
    /// Condition of tissue and packaging.
    pub condition: String,
}

/// What the rules need to know from elsewhere.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The donation that has this number already.
    pub existing: Option<&'a Donation>,
    /// The donor.
    pub donor: Option<&'a Donor>,
    /// Tissues received from this donor before.
    pub earlier: Vec<(Din, Tissue)>,
    /// The rule set in force on the day of the donation.
    pub rules: &'a RuleSet,
    /// A free container code for the collection pot.
    pub container: ContainerCode,
    /// A free deviation number, used when the transport was outside its limits.
    pub deviation: DeviationNumber,
    /// Donation identification sequence of this number, where the site is a tissue establishment.
    pub sequence: Option<DonationSequenceId>,
    /// Product code printed with the number, where the site has one.
    pub product_code: Option<String>,
    /// Whether the site is invented, for demonstration, training or validation.
    pub fictitious_site: bool,
}

/// Why a donation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The number is taken.
    #[error("donation {0} was received before. Check the label; one number is one donation")]
    DuplicateNumber(Din),
    /// The sequence is that of another donation.
    #[error(
        "the donation identification sequence {sequence} does not end with the donation number \
         {din}. Check the tissue establishment code of the site"
    )]
    SequenceOfAnother {
        /// The sequence.
        sequence: DonationSequenceId,
        /// The number.
        din: Din,
    },
    /// The number is one of those set aside for what is not real.
    #[error(
        "donation {0} has a number for validation and demonstration (A9990 to A9999); this site \
         makes for patients. Do not accept the tissue; call QA (ISBT 128 ST-001)"
    )]
    NumberNotReal(Din),
    /// The donor gave this tissue before.
    #[error("this donor's {tissue} was received before as {earlier}. It is donated once")]
    DuplicateTissue {
        /// What.
        tissue: &'static str,
        /// Under which number.
        earlier: Din,
    },
    /// There is no such donor.
    #[error("no donor has the code {0}. Register the donor first")]
    UnknownDonor(DonorCode),
    /// The donor was rejected or is on hold.
    #[error("donor {donor} is {standing}: {because}. Do not accept the tissue; call QA (ATMP-23)")]
    DonorHeld {
        /// The donor.
        donor: DonorCode,
        /// The standing.
        standing: &'static str,
        /// Why.
        because: String,
    },
    /// Consent is lacking.
    #[error(
        "consent of donor {donor} does not cover {}. Do not accept the tissue before it does \
         (DON-1)", lacking.join(", ")
    )]
    ConsentLacking {
        /// The donor.
        donor: DonorCode,
        /// What is lacking.
        lacking: Vec<&'static str>,
    },
    /// Times are not in order.
    #[error("{0}. Correct the times")]
    Times(&'static str),
    /// A measured value has the wrong unit or sense.
    #[error("{0}")]
    Value(&'static str),
    /// How much it is was not measured.
    #[error("the {what} of the {tissue} is missing. Measure and enter it in {unit}")]
    AmountMissing {
        /// Length or volume.
        what: &'static str,
        /// Of what.
        tissue: &'static str,
        /// In which unit.
        unit: &'static str,
    },
    /// The amount is in another unit, or none.
    #[error("the {what} of the {tissue} must be given in {unit} and be above zero. Correct it")]
    AmountImpossible {
        /// Length or volume.
        what: &'static str,
        /// Of what.
        tissue: &'static str,
        /// In which unit.
        unit: &'static str,
    },
    /// The rules know no such material.
    #[error(
        "the donor rules {rules} say nothing about the receipt of {tissue}. Do not accept it; \
         have QA add it to the rules"
    )]
    TissueNotAccepted {
        /// The rules.
        rules: String,
        /// What was brought.
        tissue: &'static str,
    },
    /// The condition is not described.
    #[error("the condition of tissue and packaging is missing. Describe it")]
    ConditionMissing,
}

impl super::Refusal for Refusal {
    fn rule(&self) -> &'static str {
        match self {
            Self::DuplicateNumber(_) | Self::DuplicateTissue { .. } => "donation_is_unique",
            Self::SequenceOfAnother { .. } => "donation_sequence 2006/86/EC Annex VII",
            Self::NumberNotReal(_) => "donation_number_is_real ST-001",
            Self::UnknownDonor(_) => "donor_is_registered",
            Self::DonorHeld { .. } => "donor_is_not_held ATMP-23",
            Self::ConsentLacking { .. } => "consent_is_in_force DON-1",
            Self::Times(_) => "times_are_in_order",
            Self::Value(_)
            | Self::AmountMissing { .. }
            | Self::AmountImpossible { .. }
            | Self::ConditionMissing => "receipt_is_complete ATMP-22",
            Self::TissueNotAccepted { .. } => "tissue_of_the_rules ATMP-22",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::UnknownDonor(_) => RefusalKind::NotFound,
            Self::Times(_)
            | Self::Value(_)
            | Self::AmountMissing { .. }
            | Self::AmountImpossible { .. }
            | Self::ConditionMissing => RefusalKind::Invalid,
            _ => RefusalKind::Conflict,
        }
    }
}

/// Receives a donation: the donation itself, its collection pot, and a deviation when the
/// transport was outside its limits.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn receive(
    command: &Receive,
    facts: &Facts<'_>,
    context: &Context,
) -> Result<Vec<Change>, Refusal> {
    let rule = may_be_accepted(command, facts)?;
    let amount = well_described(command, context.now)?;
    let pot = &facts.container;
    let received = Event::Received {
        donor: command.donor.clone(),
        tissue: command.tissue,
        sequence: facts.sequence.clone(),
        donated_at: command.donated_at,
        received_at: command.received_at,
        amount,
        temperature: command.temperature,
        condition: command.condition.trim().to_owned(),
        container: pot.clone(),
    };
    let mut changes = vec![
        Change::of::<Donation>(command.din.as_str(), received),
        Change::of::<container::Container>(
            pot.as_str(),
            collection_pot(command, facts, rule, context),
        ),
    ];
    if let Some(departure) = transport_departure(command, rule) {
        let opened = deviation::Event::Opened {
            class: Class::Major,
            title: format!("Transport of donation {} outside its limits", command.din),
            description: departure,
            origin: Origin::Excursion,
            subject: Subject {
                container: Some(pot.clone()),
                donor: Some(command.donor.clone()),
                ..Subject::default()
            },
            performer: Some(context.actor.login.clone()),
        };
        changes.push(Change::of::<Deviation>(facts.deviation.as_str(), opened));
    }
    Ok(changes)
}

/// Whether it may be accepted, and the rules of its receipt.
fn may_be_accepted<'r>(command: &Receive, facts: &Facts<'r>) -> Result<&'r Receipt, Refusal> {
    if facts.existing.is_some() {
        return Err(Refusal::DuplicateNumber(command.din.clone()));
    }
    if command.din.is_validation() && !facts.fictitious_site {
        return Err(Refusal::NumberNotReal(command.din.clone()));
    }
    if let Some(sequence) = &facts.sequence
        && !sequence.as_str().ends_with(command.din.as_str())
    {
        let (sequence, din) = (sequence.clone(), command.din.clone());
        return Err(Refusal::SequenceOfAnother { sequence, din });
    }
    let donor = facts.donor.ok_or_else(|| Refusal::UnknownDonor(command.donor.clone()))?;
    if donor.standing >= Disposition::OnHold {
        return Err(Refusal::DonorHeld {
            donor: command.donor.clone(),
            standing: donor.standing.word(),
            because: donor.because.clone(),
        });
    }
    let given: Vec<Scope> = donor.consented();
    let lacking: Vec<&'static str> = facts
        .rules
        .consent_scopes
        .iter()
        .filter(|scope| !given.contains(scope))
        .map(|scope| scope.word())
        .collect();
    if !lacking.is_empty() {
        return Err(Refusal::ConsentLacking { donor: command.donor.clone(), lacking });
    }
    let own = |tissue: &Tissue| *tissue == command.tissue && tissue.is_given_once();
    if let Some((din, tissue)) = facts.earlier.iter().find(|(_, tissue)| own(tissue)) {
        let (tissue, earlier) = (tissue.word(), din.clone());
        return Err(Refusal::DuplicateTissue { tissue, earlier });
    }
    facts.rules.receipt(command.tissue).ok_or_else(|| Refusal::TissueNotAccepted {
        rules: format!("{} v{}", facts.rules.id, facts.rules.version),
        tissue: command.tissue.word(),
    })
}

/// Whether the times and the condition are right; the amount.
fn well_described(command: &Receive, now: Instant) -> Result<Quantity, Refusal> {
    if command.received_at > now {
        return Err(Refusal::Times("the receipt lies in the future"));
    }
    if command.received_at < command.donated_at {
        return Err(Refusal::Times("the receipt lies before the donation"));
    }
    if command.temperature.unit() != Unit::Celsius {
        return Err(Refusal::Value("the temperature must be given in °C"));
    }
    let (what, measured) = command.tissue.measure();
    let (tissue, unit) = (command.tissue.word(), measured.symbol());
    let amount = command.amount.ok_or(Refusal::AmountMissing { what, tissue, unit })?;
    if amount.unit() != measured || amount.is_negative() || amount.is_zero() {
        return Err(Refusal::AmountImpossible { what, tissue, unit });
    }
    if command.condition.trim().is_empty() {
        return Err(Refusal::ConditionMissing);
    }
    Ok(amount)
}

fn collection_pot(
    command: &Receive,
    facts: &Facts<'_>,
    rule: &Receipt,
    context: &Context,
) -> container::Event {
    container::Event::Produced {
        kind: ContainerKind::CollectionPot,
        contents: Contents {
            material: rule.material.clone(),
            title: rule.material_title.clone(),
            passage: None,
            volume: None,
            viable_cells: None,
        },
        donation: Some(command.din.clone()),
        batch: None,
        step: None,
        output: None,
        number: 1,
        of: 1,
        identity: facts.product_code.as_ref().map(|product_code| ProductIdentity {
            din: command.din.clone(),
            product_code: product_code.clone(),
            division: "00".to_owned(),
        }),
        expires_at: Some(command.donated_at.plus(rule.usable_for)),
        order: None,
        target: None,
        disposition: Disposition::Released,
        custodian: Custodian::Person { login: context.actor.login.clone() },
    }
}

/// What about the transport was outside the limits, in words.
fn transport_departure(command: &Receive, rule: &Receipt) -> Option<String> {
    let (low, high) = rule.temperatures();
    let temperature = command.temperature;
    let mut departures = Vec::new();
    if temperature.value() < low.value() || temperature.value() > high.value() {
        departures.push(format!(
            "temperature on receipt {}, allowed {} to {}",
            temperature.text(),
            low.text(),
            high.text()
        ));
    }
    let took: Span = command.received_at.since(command.donated_at);
    if command.received_at > command.donated_at.plus(rule.transport_maximum) {
        departures.push(format!(
            "{} from donation to receipt, allowed {}",
            took.text(),
            rule.transport_maximum
        ));
    }
    if departures.is_empty() { None } else { Some(departures.join("; ")) }
}
