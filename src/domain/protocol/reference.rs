//! The page that explains the language of protocols: every table and key that the reader asks for,
//! every word of every closed set, and one worked example.
//!
//! Neighbours: `chorda protocol reference` prints it; `docs/protocol.md` is its copy, compared by a
//! test; the page of master records draws its tables the same way.
//!
//! Architecture invariant: tables and keys come from the code that reads files; only their
//! explanations are written here, and a test misses one that is not.

use super::dose_rule::{ROUNDINGS, RULES};
use super::model::DonorRule;
use super::parse::keys_asked;
use crate::domain::container::ContainerKind;
use crate::domain::master_record::reference::{Table, row, tables_text};
use crate::domain::master_record::{FaultKind as Kind, Keys};

/// The worked example.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The tables of the rules that the example does not use.
const OTHER_RULES: [&str; 4] = [
    "[dose]\nrule = \"per_kg\"\n[[dose.site]]\n",
    "[dose]\nrule = \"by_level\"\n[[dose.level]]\n[[dose.site]]\n",
    "[dose]\nrule = \"by_route\"\n[[dose.route]]\n[[dose.route]]\nvolume_per_area = \"1 mL/%\"\n",
    "[enrolment]\nrule = \"3+3\"\n[enrolment.escalation]\n[enrolment.expansion]\n",
];

/// The page, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut asked = keys_asked(EXAMPLE);
    for text in OTHER_RULES {
        for (what, keys) in keys_asked(text) {
            asked.entry(what).or_default().extend(keys);
        }
    }
    let mut page = String::from(INTRODUCTION);
    page.push_str(&tables_text(TABLES, &asked));
    page.push_str(&words());
    page.push_str(&faults(&asked));
    page.push_str("\n## A worked example\n\nIt is read by a test and has no fault.\n");
    page.push_str(&format!("\n```toml\n{EXAMPLE}```\n"));
    page
}

fn words() -> String {
    let mut text = String::from("\n## Words\n\n| dose rule | the dose is |\n|---|---|\n");
    for (word, meaning) in RULES {
        text.push_str(&format!("| `{word}` | {meaning} |\n"));
    }
    text.push_str("\n| donor | who may be the donor of a patient's cells |\n|---|---|\n");
    for (_, word, meaning) in DonorRule::ALL {
        text.push_str(&format!("| `{word}` | {meaning} |\n"));
    }
    let listed = |words: Vec<&str>| {
        words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
    };
    let roundings = listed(ROUNDINGS.iter().map(|(word, _)| *word).collect());
    let kinds = listed(ContainerKind::filled().iter().map(|(code, _)| *code).collect());
    text.push_str(&format!("\nRounding: {roundings}. Containers: {kinds}.\n"));
    text
}

/// The kinds of fault of a protocol; those of master records that it cannot have are left out.
fn faults(asked: &Keys) -> String {
    const OWN: [Kind; 18] = [
        Kind::NotToml,
        Kind::UnknownField,
        Kind::MissingField,
        Kind::WrongType,
        Kind::EmptyText,
        Kind::OutOfRange,
        Kind::BadName,
        Kind::BadId,
        Kind::ReservedName,
        Kind::BadSpan,
        Kind::UnknownWord,
        Kind::UnknownContainer,
        Kind::DuplicateName,
        Kind::UnitMismatch,
        Kind::LimitReversed,
        Kind::DoseUndeliverable,
        Kind::LabelLanguage,
        Kind::LabelTooLong,
    ];
    let mut text = format!(
        "\n## What the checker finds\n\n`chorda protocol check FILE` names file, line and column in \
         all {} kinds of table, what is wrong and what would be right; with `--json` for other \
         programs, by these names. The last is found beside the master record that the protocol \
         names: its product, what it takes from the bank and how many, what it fills, what it draws \
         and adds.\n\n| name | meaning |\n|---|---|\n",
        asked.len()
    );
    for kind in OWN.into_iter().chain([Kind::ProtocolMismatch]) {
        text.push_str(&format!("| `{}` | {} |\n", kind.code(), kind.meaning()));
    }
    text
}

const INTRODUCTION: &str = "# Protocols

A clinical protocol is one text file: what a clinician may order and for whom, by which rule the dose
follows, what is made beyond it, when it can be given, and what the labels must say. The order page,
its arithmetic, the checklist, the calendar and the labels follow from it. This page is printed by
`chorda protocol reference` from the code that reads the files; do not edit it by hand.

```
chorda protocol check FILE...                     # every fault, alone and beside the master record
chorda protocol check FILE --records RECORD...    # beside records that do not come with the program
```

A file is TOML: `key = value` lines, tables in `[brackets]`, lists of tables in `[[double brackets]]`.
Amounts are texts with their UCUM unit: `\"50 10*6/mL\"`, `\"0.5 mL\"`, `\"5 %\"`, `\"1 10*6/kg\"`. Lengths
of time are written `\"7 d\"` or `\"90 min\"`. A site names its protocols in its site file; an order keeps
the hash of the text it was placed under. What is not published is marked `site value, example` and is
replaced by a site's own approved value.

## Tables and keys
";

const CELLS: &str = "amount in `10*6`";
const TEXT: &str = "text";
const WORDS: &str = "text, or texts by language";
const WHOLE: &str = "whole number";

const SIZES: (&str, &str, &str) =
    row("sizes", "list of amounts in `mL`", "nominal sizes of the dose units, small to large");
const RULE: (&str, &str, &str) = row("rule", "rule", "by what the amount is decided; see below");
const CONCENTRATION: (&str, &str, &str) =
    row("concentration", "amount in `10*6/mL`", "viable cells in a millilitre of the product");
const TOTAL: (&str, &str, &str) = row("total_max", CELLS, "no order may ask for more in all");
const SITES: (&str, &str, &str) = row("site", "tables", "the sites, in the order of the form");
const NAME: (&str, &str, &str) = row("name", "name", "its name; the target of a dose unit");
const TITLE: (&str, &str, &str) = row("title", WORDS, "its name on screens and labels");
const AREAS: (&str, &str, &str) =
    row("areas", "list of texts", "areas of the site among which the dose is divided, in words");

const FLAG: &str = "true or false";
const COHORT_TITLE: (&str, &str, &str) = row("title", TEXT, "its name on screens");
const PATIENTS: (&str, &str, &str) = row("patients", WHOLE, "how many patients");
const LEVEL: (&str, &str, &str) = row("level", WHOLE, "the dose level, where there are levels");
const COHORT_SITES: (&str, &str, &str) =
    row("sites", WHOLE, "how many sites are treated, where that is fixed");
const TOXIC: (&str, &str, &str) =
    row("toxic_max", WHOLE, "more patients with a dose-limiting toxicity close it");

const TABLES: &[Table] = &[
    Table {
        what: "the protocol",
        header: "top of the file",
        about: "Which protocol it is.",
        keys: &[
            row("format", WHOLE, "1"),
            row("id", "capitals, digits, hyphens", "identity, the same in every version"),
            row("version", WHOLE, "version, from 1"),
            row("title", TEXT, "its name for people"),
            row("source", TEXT, "where its facts come from"),
            row("language", "`en` or `sl`", "language of its texts"),
            row("product", "table", "what is given"),
            row("dose", "table", "by which rule"),
            row("allowance", "table", "what is made beyond the dose; without it, nothing"),
            row("excursion", "table", "the part that leaves for labelling; without it, none does"),
            row("schedule", "table", "when"),
            row("trial", "table", "particulars for labels and records"),
            row("visit", "tables", "what follows the administration, and when"),
            row("enrolment", "table", "how many patients, in which order; without it no limit"),
            row("stopping", "table", "the reaction that stops enrolment, and who is told"),
            row("bedside", "table", "the thaw at the patient, where units arrive frozen"),
            row("eligibility", "tables", "the checklist"),
        ],
    },
    Table {
        what: "the product",
        header: "[product]",
        about: "What is given and what it is made from.",
        keys: &[
            row("material", "material code", "what is given: the product of the master record"),
            row("title", TEXT, "its proper name"),
            row("bank_material", "material code", "what is stored and reserved for an order"),
            row(
                "aliquots",
                "whole number or `\"per_unit\"`",
                "how many stored units serve one order; `per_unit`: one for each dose unit",
            ),
            row("master_record", "identity", "the record of the patient-dose batch"),
            row("unit", "container", "what holds one dose unit"),
            row("needle", TEXT, "the needle, as printed, where one is used"),
            row("donor", "donor", "whose cells a patient may get; see below"),
        ],
    },
    Table {
        what: "a dose per site",
        header: "[dose] rule = \"per_site\"",
        about: "Each site has its dose, which an order scales within limits or switches off.",
        keys: &[
            RULE,
            SIZES,
            CONCENTRATION,
            row("step", CELLS, "doses are whole multiples of it, and it can be drawn"),
            TOTAL,
            SITES,
        ],
    },
    Table {
        what: "a site",
        header: "[[dose.site]] of a dose per site",
        about: "A site with its own dose.",
        keys: &[
            NAME,
            TITLE,
            AREAS,
            row("cells", CELLS, "the dose that the form proposes"),
            row("cells_min", CELLS, "the fewest that may be ordered"),
            row("cells_max", CELLS, "the most that may be ordered"),
        ],
    },
    Table {
        what: "a dose per kg",
        header: "[dose] rule = \"per_kg\"",
        about: "The order takes a weight, its unit (kg or g) and when it was measured, and names one \
                site. Weight × rule = cells, brought to a step as stated, ÷ concentration = volume.",
        keys: &[
            RULE,
            SIZES,
            CONCENTRATION,
            row("cells_per_kg", "amount in `10*6/kg`", "viable cells for each kilogram"),
            row("step", CELLS, "the cells by weight are brought to whole multiples of it"),
            row("rounding", "rounding", "how they are brought to a step"),
            TOTAL,
            row("weight_min", "amount in `kg`", "below it a weight is taken for a mistake"),
            row("weight_max", "amount in `kg`", "above it a weight is taken for a mistake"),
            row("weight_max_age", "time", "how old the weighing may be when the order is placed"),
            SITES,
        ],
    },
    Table {
        what: "a site without a dose",
        header: "[[dose.site]] of a dose per kg or by level",
        about: "A site; what it gets follows from weight or level.",
        keys: &[NAME, TITLE, AREAS],
    },
    Table {
        what: "a dose by level",
        header: "[dose] rule = \"by_level\"",
        about: "The order names a dose level and sites; each site gets the same dose.",
        keys: &[
            RULE,
            SIZES,
            CONCENTRATION,
            TOTAL,
            row("level", "tables", "the dose levels, from low to high"),
            SITES,
        ],
    },
    Table {
        what: "a dose level",
        header: "[[dose.level]]",
        about: "One dose level.",
        keys: &[
            row("number", WHOLE, "its number, from 0"),
            row("title", TEXT, "its name on screens"),
            row("cells", CELLS, "viable cells for each site"),
        ],
    },
    Table {
        what: "a dose by route",
        header: "[dose] rule = \"by_route\"",
        about: "The product holds no cells. The order names routes, each once; cells are never asked \
                for and never printed.",
        keys: &[RULE, SIZES, row("route", "tables", "the routes, in the order of the form")],
    },
    Table {
        what: "a route",
        header: "[[dose.route]]",
        about: "One route, with a fixed volume or one in proportion to the affected area, which the \
                order states in per cent of the body surface.",
        keys: &[
            NAME,
            TITLE,
            row("volume", "amount in `mL`", "how much is given, always"),
            row("volume_per_area", "amount in `mL/%`", "instead: how much for each per cent"),
            row("area_step", "amount in `%`", "areas are whole multiples of it"),
            row("area_min", "amount in `%`", "the smallest area that may be ordered for"),
            row("area_max", "amount in `%`", "the largest area that may be ordered for"),
        ],
    },
    Table {
        what: "the allowance",
        header: "[allowance]",
        about: "What is made beyond the dose. Each part is a line of the arithmetic, and draw and \
                overage agree with the master record.",
        keys: &[
            row("hold_up_per_unit", "amount in `mL`", "stays in each dose unit, needle or line"),
            row("labelling_loss", "amount in `%`", "of the dose volume, lost at labelling"),
            row("qc_draw", "amount in `mL`", "drawn for quality control"),
            row("overage", "amount in `%`", "of the sum of all of it"),
        ],
    },
    Table {
        what: "the excursion",
        header: "[excursion]",
        about: "A part of the product leaves for labelling and comes back (ATMP-46).",
        keys: &[
            row("purpose", TEXT, "what for"),
            row("share", "amount in `%`", "the share of the volume that leaves"),
            row("share_max", "amount in `%`", "the largest share that still may leave"),
            row("deadline", "time", "within what time it is back"),
            row("instruction", TEXT, "the written instruction that governs it (ATMP-47)"),
        ],
    },
    Table {
        what: "the schedule",
        header: "[schedule]",
        about: "Bounds of the backward schedule, in days before the day of administration.",
        keys: &[
            row("culture_days_min", WHOLE, "fewest days in culture; 0: thawed on the day"),
            row("culture_days_max", WHOLE, "most days in culture"),
            row(
                "qc_days_before",
                "list of whole numbers",
                "on one of these days QC takes its sample, 0 being the day itself; none: QC does \
                 nothing for an order",
            ),
            row("order_lead_days", WHOLE, "how many days ahead an order must be placed"),
            row("horizon_days", WHOLE, "how many days ahead dates are offered"),
        ],
    },
    Table {
        what: "the trial",
        header: "[trial]",
        about: "Particulars for labels and records (Regulation (EU) 536/2014 Annex VI). None may be \
                empty.",
        keys: &[
            row("code", TEXT, "trial reference code"),
            row("ethics", TEXT, "reference of the ethics opinion"),
            row("phase", TEXT, "phase and design"),
            row("sponsor", TEXT, "the sponsor"),
            row("investigator", TEXT, "the investigator"),
            row("site", WORDS, "the trial site"),
            row("contact", WORDS, "main contact: name, address and telephone"),
            row("statement", WORDS, "\"For clinical trial use only\" or its like"),
            row("route", WORDS, "route of administration"),
            row("form", WORDS, "pharmaceutical form"),
            row("storage", WORDS, "storage conditions"),
            row("directions", WORDS, "directions for use"),
        ],
    },
    Table {
        what: "words in several languages",
        header: "[trial] statement = { … }",
        about: "Words that labels print, in each language in which they are needed. A text alone is in \
                the language of the file. A site whose labels are in a language that is missing \
                refuses the file: no label is in two languages.",
        keys: &[row("en", TEXT, "in English"), row("sl", TEXT, "in Slovenian")],
    },
    Table {
        what: "a visit",
        header: "[[visit]]",
        about: "A visit after the administration, listed by its day.",
        keys: &[
            row("name", "name", "its name"),
            row("title", TEXT, "its name on screens"),
            row("day", WHOLE, "days after the administration"),
            row(
                "tolerance",
                WHOLE,
                "days before and after on which it still counts; 0 if not said",
            ),
        ],
    },
    Table {
        what: "the enrolment",
        header: "[enrolment]",
        about: "How many patients are enrolled, in which order, and when the dose climbs.",
        keys: &[
            row("rule", "`in_order` or `3+3`", "cohorts one after the other; then an escalation"),
            row("orders_per_patient", WHOLE, "orders that one patient may have"),
            row("evaluated_at", "visit", "the visit at which a patient counts as evaluated"),
            row("replace_excluded", FLAG, "whether who is excluded before that is replaced"),
            row("cohort", "tables", "cohorts that are filled one after the other"),
            row("escalation", "table", "with `3+3`: levels and numbers"),
            row("expansion", "table", "with `3+3`: the cohort at the recommended dose"),
        ],
    },
    Table {
        what: "a cohort",
        header: "[[enrolment.cohort]]",
        about: "So many patients, treated alike.",
        keys: &[
            row("name", "name", "its name"),
            COHORT_TITLE,
            PATIENTS,
            LEVEL,
            COHORT_SITES,
            TOXIC,
        ],
    },
    Table {
        what: "the escalation",
        header: "[enrolment.escalation]",
        about: "Three patients at a level; none of them with a dose-limiting toxicity opens the next, \
                one fills the level to six, two close it.",
        keys: &[
            COHORT_TITLE,
            row("levels", "list of whole numbers", "dose levels, from the lowest"),
            COHORT_SITES,
            row("patients_max", WHOLE, "most patients in the escalation"),
        ],
    },
    Table {
        what: "the expansion",
        header: "[enrolment.expansion]",
        about: "The cohort at the dose that the escalation recommends.",
        keys: &[COHORT_TITLE, PATIENTS, COHORT_SITES, TOXIC],
    },
    Table {
        what: "the stopping rule",
        header: "[stopping]",
        about: "The reaction that stops enrolment.",
        keys: &[
            row("grade", WHOLE, "CTCAE grade, 1 to 5; a related reaction of it or higher stops"),
            row("notify_within", "time", "how soon the first of those below is told"),
            row("tell", "list of texts", "who is told, in this order"),
        ],
    },
    Table {
        what: "the thaw at the bedside",
        header: "[bedside]",
        about: "Units are handed over frozen and thawed at the patient, against a clock.",
        keys: &[
            row("thaw", FLAG, "true; without a thaw there is no such table"),
            row("within", "time", "from thaw to administration"),
            row("bath", "amount in `Cel`", "temperature of the bath"),
        ],
    },
    Table {
        what: "a criterion",
        header: "[[eligibility]]",
        about: "A line of the checklist; an order answers each.",
        keys: &[
            row("name", "name", "its name"),
            row("kind", "`inclusion` or `exclusion`", "whether it must hold or must not"),
            row("text", TEXT, "what is asked"),
        ],
    },
];
