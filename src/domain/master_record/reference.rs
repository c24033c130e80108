//! The page that explains the language of master records to QA: every table and key that the reader
//! asks for, every word of every closed set, every kind of fault, and one worked example.
//!
//! Neighbours: `chorda mbr reference` prints it; `docs/master-record.md` is its copy, compared by a
//! test.
//!
//! Architecture invariant: tables, keys, words, units and faults come from the code that reads and
//! checks files; only their explanations are written here, and a test misses one that is not.

use super::calculation::{Method, ParameterRule, UnitRule};
use super::fault::{Keys, Kind};
use super::model::Operation;
use super::parse::keys_asked;
use crate::domain::container::ContainerKind;
use crate::domain::equipment::EquipmentKind;
use crate::domain::quantity::Unit;

/// The worked example: a made-up process that uses every table of the language.
pub const EXAMPLE: &str = include_str!("example.toml");

/// What stands for a key that nobody explained.
pub const UNEXPLAINED: &str = "(not explained yet)";

/// A kind of table: how the reader calls it, how the file writes it, what it is for, and its keys
/// with the form of their value and their meaning.
pub(in crate::domain) struct Table {
    pub what: &'static str,
    pub header: &'static str,
    pub about: &'static str,
    pub keys: &'static [(&'static str, &'static str, &'static str)],
}

/// The page, as Markdown.
pub fn reference() -> String {
    let asked = keys_asked(EXAMPLE);
    let mut page = String::from(INTRODUCTION);
    page.push_str(&tables_text(TABLES, &asked));
    page.push_str(REFERENCES);
    page.push_str(&operations());
    page.push_str(&calculations());
    page.push_str(&closed_sets());
    page.push_str(&faults());
    page.push_str(
        "\n## A worked example\n\nIt is checked with every other file and has no fault.\n",
    );
    page.push_str(&format!("\n```toml\n{EXAMPLE}```\n"));
    page
}

/// Every table with its keys, and every one that nobody explained.
pub(in crate::domain) fn tables_text(tables: &[Table], asked: &Keys) -> String {
    let mut text: String = tables.iter().map(|table| table_text(table, asked)).collect();
    for what in asked.keys().filter(|what| !tables.iter().any(|table| table.what == *what)) {
        text.push_str(&format!("\n### {what}\n\n{UNEXPLAINED}\n"));
    }
    text
}

fn table_text(table: &Table, asked: &Keys) -> String {
    let mut text = format!("\n### `{}`\n\n{}\n\n", table.header, table.about);
    text.push_str("| key | value | meaning |\n|---|---|---|\n");
    let known = asked.get(table.what).cloned().unwrap_or_default();
    for (key, form, meaning) in table.keys.iter().filter(|(key, ..)| known.contains(key)) {
        text.push_str(&format!("| `{key}` | {form} | {meaning} |\n"));
    }
    for key in known.iter().filter(|key| !table.keys.iter().any(|(known, ..)| known == *key)) {
        text.push_str(&format!("| `{key}` | | {UNEXPLAINED} |\n"));
    }
    text
}

fn operations() -> String {
    let mut text = String::from(
        "\n## Operations\n\nThe set is closed: what each one enforces is part of the program.\n\n\
         | operation | meaning |\n|---|---|\n",
    );
    for (word, operation) in Operation::ALL {
        text.push_str(&format!("| `{word}` | {} |\n", operation_meaning(operation)));
    }
    text
}

/// What an operation is for, in one sentence.
pub fn operation_meaning(operation: Operation) -> &'static str {
    use Operation as O;
    match operation {
        O::Receive => "takes inputs in by scanning them",
        O::Inspect => "looks at something and states what is seen",
        O::ClearLine => "states that nothing of another batch is present (ATMP-7)",
        O::Seed => "puts cells or tissue into culture vessels",
        O::Feed => "exchanges medium",
        O::Count => "counts cells",
        O::Harvest => "takes cells out of their vessels",
        O::Pool => "brings several donors into one suspension (ATMP-25)",
        O::Divide => "divides a suspension into containers",
        O::Freeze => "freezes containers",
        O::Store => "puts containers into their storage positions",
        O::Retrieve => "takes containers out of storage",
        O::Thaw => "thaws containers; they may not be frozen again",
        O::Formulate => "brings a suspension to its final medium and concentration",
        O::Fill => "fills the dose units of the order",
        O::Sample => "takes samples and requests their tests",
        O::Label => "labels are on the containers and were read back (ATMP-19)",
        O::HandOver => "gives the batch to another person",
        O::TakeBack => "takes the batch from another person",
        O::Record => "records values only",
        O::Dispose => "disposes of what is left",
    }
}

fn calculations() -> String {
    let mut text = String::from(
        "\n## Calculations\n\nA file names one and its inputs; it never holds a formula. Numbers are \
         exact decimals, and the only rounding is the one the file states for the result.\n\n\
         | method | calculates | inputs |\n|---|---|---|\n",
    );
    for (method, word, formula) in Method::ALL {
        let inputs: Vec<String> = method.parameters().iter().map(parameter_text).collect();
        text.push_str(&format!("| `{word}` | {formula} | {} |\n", inputs.join(", ")));
    }
    text
}

fn parameter_text(rule: &ParameterRule) -> String {
    let unit = match rule.unit {
        UnitRule::Is(unit) => format!("`{}`", unit.code()),
        UnitRule::Common => "any unit, the same for all".to_owned(),
    };
    let many = if rule.many { ", one or several" } else { "" };
    format!("`{}` ({unit}{many})", rule.name)
}

fn closed_sets() -> String {
    let mut text = String::from("\n## Units and containers\n\n| unit | on screens |\n|---|---|\n");
    for (_, code, symbol) in Unit::ALL {
        let symbol = if symbol.is_empty() { "a pure number" } else { symbol };
        text.push_str(&format!("| `{code}` | {symbol} |\n"));
    }
    let kinds: Vec<String> =
        ContainerKind::filled().iter().map(|(code, _)| format!("`{code}`")).collect();
    text.push_str(&format!("\nContainers: {}.\n", kinds.join(", ")));
    let kinds: Vec<String> =
        EquipmentKind::ALL.iter().map(|(_, code, _)| format!("`{code}`")).collect();
    text.push_str(&format!("\nEquipment: {}.\n", kinds.join(", ")));
    text
}

fn faults() -> String {
    let mut text = String::from(
        "\n## What the checker finds\n\n`chorda mbr check FILE` names file, line and column, what is \
         wrong and what would be right; with `--json` for other programs, by these names.\n\n\
         | name | meaning |\n|---|---|\n",
    );
    for (_, code, meaning) in Kind::ALL {
        text.push_str(&format!("| `{code}` | {meaning} |\n"));
    }
    text
}

const INTRODUCTION: &str = "# Master records

A master batch record is one text file for one stage of one product: what may enter, what is done,
what is measured, what is tested, what is printed, what leaves. The screens, the checks, the labels
and the batch record follow from it. This page is printed by `chorda mbr reference` from the code
that reads the files; do not edit it by hand.

```
chorda mbr check FILE...        # every fault with its line, and what would be right
chorda mbr diff OLD NEW         # what changed, in words and line by line
chorda mbr simulate FILE        # dates, yields and bottlenecks over many runs
```

A file is TOML: `key = value` lines, tables in `[brackets]`, lists of tables in `[[double brackets]]`.
Lengths of time are written `\"14 d\"`, `\"36 h\"`, `\"10 min\"` or `\"30 s\"`. Names are lower-case letters,
digits and underscores; other parts of the file point at a thing by its name. A version is approved
by two people who sign the hash of the whole text, comments included, and is never changed: the next
version is a new file with a higher number. A running batch keeps the version it started with.

## Tables and keys
";

const REFERENCES: &str = "
## Pointing at values

Limits, calculations, amounts and accounts can point at a value instead of stating a number:

| form | meaning |
|---|---|
| `field` | a field or calculation of the same step |
| `step.field` | a field or calculation of an earlier step |
| `parameter.name` | a parameter of the record |
| `order.cells`, `order.volume`, `order.units` | sums over the dose units of the order |
| `contents.input.cells`, `contents.input.volume` | what the containers used up held, one value each |
";

/// A key with the form of its value and its meaning.
pub(in crate::domain) const fn row(
    key: &'static str,
    form: &'static str,
    meaning: &'static str,
) -> (&'static str, &'static str, &'static str) {
    (key, form, meaning)
}

const NAME: &str = "name";
const TEXT: &str = "text";
const FLAG: &str = "true or false";
const WHOLE: &str = "whole number";
const SPAN: &str = "time";
const REF: &str = "value";

const TABLES: &[Table] = &[
    Table {
        what: "the master record",
        header: "top of the file",
        about: "Who and what the record is.",
        keys: &[
            row("id", "capitals, digits, hyphens", "identity, the same in every version"),
            row("version", WHOLE, "version, from 1"),
            row("title", TEXT, "its name for people"),
            row("product", "material code", "the material it makes"),
            row("legal_basis", TEXT, "under which law"),
            row("source", TEXT, "where its facts come from"),
            row("language", "`en` or `sl`", "language of its texts"),
            row("for_order", FLAG, "each batch is made for one order and fills its dose units"),
            row(
                "donation",
                "`inherited` or `pool`",
                "whether batches keep the donation number of their input or get one as a pool",
            ),
            row("max_passage", WHOLE, "the highest passage anything in it may reach"),
            row("unit", "tables", "chapters"),
            row("material", "tables", "bill of materials"),
            row("parameter", "tables", "stated numbers"),
            row("input", "tables", "what may enter"),
            row("output", "tables", "what leaves, or is made on the way"),
            row("step", "tables", "what is done, in this order unless `after` says otherwise"),
            row("timer", "tables", "times between steps"),
            row("hold_point", "tables", "where QA signs before work goes on"),
            row("reconcile", "tables", "what accounts of the book may hold at the most"),
            row("test", "tables", "what is tested"),
            row("assume", "tables", "what the simulation assumes; binds no batch"),
        ],
    },
    Table {
        what: "a unit procedure",
        header: "[[unit]]",
        about: "A chapter of the record.",
        keys: &[row("name", NAME, "its name"), row("title", TEXT, "its title")],
    },
    Table {
        what: "a material",
        header: "[[material]]",
        about: "A line of the bill of materials. Every material of a step is listed here.",
        keys: &[
            row("material", "material code", "which material"),
            row("title", TEXT, "what it is; steps show it unless they say it otherwise"),
        ],
    },
    Table {
        what: "a parameter",
        header: "[[parameter]]",
        about: "A stated number that calculations, limits and amounts use.",
        keys: &[
            row("name", NAME, "referred to as `parameter.name`"),
            row("title", TEXT, "what it is"),
            row("value", "number", "the number, exact"),
            row("unit", "unit", "its unit"),
            row("site_value", FLAG, "an example that a site replaces by its own value"),
        ],
    },
    Table {
        what: "an input",
        header: "[[input]]",
        about: "Something that may enter the batch.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", TEXT, "what it is"),
            row("material", "material code", "the material it must be"),
            row("container", "container", "the container it comes in"),
            row("count", WHOLE, "how many containers; 1 if not stated"),
            row("per_dose_unit", FLAG, "one for each dose unit of the order, instead of `count`"),
            row("distinct_donors", WHOLE, "from how many different donors; above 1 it is a pool"),
            row(
                "disposition",
                "`released`, `conditionally_released` or `quarantine`",
                "the strictest disposition that is still accepted",
            ),
            row("passage", WHOLE, "the passage it must have"),
            row("max_age", SPAN, "how old it may be when it enters"),
            row("reserved_for_order", FLAG, "must be reserved for the order of the batch"),
            row("acellular", FLAG, "holds no cells; only its volume is accounted for"),
            row("accepts", "list of tables", "the master record versions that may have made it"),
        ],
    },
    Table {
        what: "an accepted record",
        header: "accepts = [{ … }]",
        about: "Versions of the record that made an input.",
        keys: &[
            row("id", "identity", "the record"),
            row("versions", "list of whole numbers", "its accepted versions"),
        ],
    },
    Table {
        what: "an output",
        header: "[[output]]",
        about: "Something the batch makes: the product, a sample, a culture vessel.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", "text, or texts by language", "what it is; printed on labels"),
            row("material", "material code", "the material it is; one output is the `product`"),
            row("container", "container", "the container it is in"),
            row("passage", WHOLE, "passage of its cells"),
            row("product_code", TEXT, "product description code, where it carries one"),
            row("keeps", SPAN, "how long it keeps from the moment it is made"),
            row(
                "expiry_limited_by_inputs",
                FLAG,
                "the shortest expiry of what it was made from limits it, too",
            ),
            row("capacity", "number", "how much fits into one container, ml"),
            row(
                "acellular",
                FLAG,
                "holds no cells; its volume is drawn from the volume in process, and nothing may \
                 ask for its cells",
            ),
            row("label", "label kind", "the label it carries; none for what has no label"),
        ],
    },
    Table {
        what: "words in several languages",
        header: "[[output]] title = { … }",
        about: "Words that labels print, in each language in which they are needed. A text alone is in \
                the language of the file. A site whose labels are in a language that is missing \
                refuses the file: no label is in two languages.",
        keys: &[row("en", TEXT, "in English"), row("sl", TEXT, "in Slovenian")],
    },
    Table {
        what: "a step",
        header: "[[step]]",
        about: "Something that is done and signed.",
        keys: &[
            row("name", NAME, "its name"),
            row("unit", NAME, "the chapter it belongs to"),
            row("title", TEXT, "its title"),
            row("instruction", TEXT, "what to do, for the person who does it"),
            row("operation", "operation", "what it does; see below"),
            row(
                "after",
                "list of names",
                "the steps that must be complete before it; if not stated, the step above it. \
                 Steps after the same step may run side by side",
            ),
            row("when", "table", "done only for a stated choice at an earlier step"),
            row("repeat", "table", "done more than once, or not at all"),
            row(
                "signature",
                "`performed` or `performed_verified`",
                "who signs: the performer, or also another person who verifies (ATMP-4)",
            ),
            row("critical", FLAG, "quality depends on it; it must then be verified"),
            row("field", "tables", "what is entered"),
            row("calculation", "tables", "what is calculated"),
            row("material", "tables", "materials whose lots are scanned"),
            row("equipment", "tables", "equipment that is scanned"),
            row("consumes", "tables", "inputs, or earlier outputs, that are used up"),
            row("produces", "tables", "outputs that are made"),
            row("account", "table", "what it says about the suspension in process"),
            row("labels", "list of outputs", "whose labels must be on and read back"),
            row("stored", "list of outputs", "that must be in their storage position"),
            row("reconcile_labels", FLAG, "the labels of the batch are reconciled (ATMP-18)"),
            row(
                "room",
                NAME,
                "the room in which it is done, as the site file names it; its stations alone may \
                 record it (ATMP-6)",
            ),
            row(
                "foreign",
                "`minor`, `major` or `critical`",
                "at `clear_line`: the class of the deviation that something foreign opens; `major` \
                 if not stated (ATMP-7)",
            ),
        ],
    },
    Table {
        what: "a condition",
        header: "when = { … }",
        about: "A step with a condition is done if one of these choices was made, and left out \
                otherwise.",
        keys: &[
            row("value", "`step.field`", "a required field of type `choice` of an earlier step"),
            row("is", "list of choices", "for which choices the step is done"),
        ],
    },
    Table {
        what: "a repetition",
        header: "repeat = { … }",
        about: "How often a step is done; once if not stated.",
        keys: &[
            row("min", WHOLE, "at least; 0 makes the step optional"),
            row("max", WHOLE, "at most"),
        ],
    },
    Table {
        what: "a field",
        header: "[[step.field]]",
        about: "Something that is entered.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", TEXT, "what is asked"),
            row("type", "`number`, `choice`, `text`, `time`, `scan` or `confirm`", "what it holds"),
            row("unit", "unit", "of a number"),
            row("decimals", WHOLE, "of a number; more are refused"),
            row("choices", "list of texts", "of a choice: what can be chosen"),
            row("accept", "list of texts", "which choices are within limits; all if not stated"),
            row("source", "`typed`, `scanned` or `instrument`", "where the value comes from"),
            row("required", FLAG, "must be filled; true if not stated"),
            row("each", NAME, "asked once for each container of this input or output"),
            row("alert", "table", "outside these limits the value is marked"),
            row("action", "table", "outside these limits the limit is broken"),
            row(
                "breaking",
                "`minor`, `major`, `critical` or `refuse`",
                "what a broken limit opens, or that the step is refused",
            ),
        ],
    },
    Table {
        what: "a limit",
        header: "alert = { … }, action = { … }",
        about: "Both ends are allowed values.",
        keys: &[row("min", "number or value", "lowest"), row("max", "number or value", "highest")],
    },
    Table {
        what: "a calculation",
        header: "[[step.calculation]]",
        about: "Something that is calculated from what is known.",
        keys: &[
            row("name", NAME, "its name; shares the names of fields"),
            row("title", TEXT, "what it is"),
            row("method", "calculation", "how; see below"),
            row("inputs", "table", "the method's inputs, each a value or a list of values"),
            row("decimals", WHOLE, "of the result"),
            row("rounding", "`half_up`, `down` or `up`", "how the result is rounded"),
            row("alert", "table", "outside these limits the result is marked"),
            row("action", "table", "outside these limits the limit is broken"),
            row("breaking", "as for a field", "what a broken limit means"),
        ],
    },
    Table {
        what: "a material of a step",
        header: "[[step.material]]",
        about: "A lot of this material is scanned; it must be released and in date.",
        keys: &[
            row("material", "material code", "one of the bill of materials"),
            row("title", TEXT, "what it is here, if that differs"),
            row("required", FLAG, "must be scanned; true if not stated"),
            row("quantity", REF, "the value that says how much of it the step uses"),
        ],
    },
    Table {
        what: "an equipment of a step",
        header: "[[step.equipment]]",
        about: "A device of this kind is scanned; it must be calibrated and clean.",
        keys: &[
            row("kind", "equipment", "such as `incubator`; see below"),
            row("title", TEXT, "what it is"),
        ],
    },
    Table {
        what: "a consumption",
        header: "[[step.consumes]]",
        about: "Containers that are scanned and used up.",
        keys: &[
            row("what", NAME, "an input, or an output of an earlier step"),
            row("count", WHOLE, "how many; all there are if not stated"),
        ],
    },
    Table {
        what: "a production",
        header: "[[step.produces]]",
        about: "Containers that are made.",
        keys: &[
            row("output", NAME, "which output"),
            row("count", "whole number or value", "how many; 1 if not stated"),
            row("per_dose_unit", FLAG, "one for each dose unit of the order, with its dose"),
            row("volume", REF, "volume in each, `mL`"),
            row("cells", REF, "viable cells in each, `10*6`"),
            row(
                "from",
                NAME,
                "with `per_dose_unit`: each is one of the containers of this input, unopened and \
                 labelled anew, chosen by its volume; it keeps what that holds and its expiry",
            ),
        ],
    },
    Table {
        what: "an account rule",
        header: "[step.account]",
        about: "The suspension in process now holds so much; the difference to the book is growth \
                or loss, and is posted.",
        keys: &[
            row("cells", REF, "viable cells, `10*6`"),
            row("volume", REF, "volume, `mL`"),
            row("remainder", FLAG, "what is missing was kept apart on purpose, not lost"),
        ],
    },
    Table {
        what: "a timer",
        header: "[[timer]]",
        about: "A time from when one step was last performed to when another is first performed.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", TEXT, "what it is"),
            row("from", NAME, "the earlier step"),
            row("to", NAME, "the later step"),
            row("min", SPAN, "not earlier than"),
            row("max", SPAN, "not later than"),
            row(
                "warn_before",
                SPAN,
                "how long before `max` the screens warn; a tenth of it if not stated, at most 24 h",
            ),
            row("too_early", "as `breaking`", "what too early means; `major` if not stated"),
            row("too_late", "as `breaking`", "what too late means; `major` if not stated"),
        ],
    },
    Table {
        what: "a hold point",
        header: "[[hold_point]]",
        about: "QA signs before work goes on.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", TEXT, "what QA assesses"),
            row("before", NAME, "the step that waits for it"),
            row(
                "tests",
                "list of tests",
                "whose results must be in, reviewed and within the specification, or have a decided \
                 deviation, before QA signs",
            ),
        ],
    },
    Table {
        what: "a reconciliation",
        header: "[[reconcile]]",
        about: "What an account of the book may hold at the most (ATMP-10). More opens a deviation, \
                and the batch is not certified until that is closed.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", TEXT, "what it is"),
            row(
                "account",
                "account",
                "which account: `loss`, `growth`, `remainder`, `waste`, `sample`, `removed`, \
                 `process`, `output`, `medium`, `input`, `supply`, `applied`, `destroyed` or \
                 `retained`",
            ),
            row("unit", "unit", "what is counted: `10*6`, `mL`, `{container}` or `{label}`"),
            row("step", NAME, "the step after which the book is looked at; the last if not stated"),
            row("max", "number", "at most so much, in the unit"),
            row(
                "percent",
                "number",
                "instead of `max`: at most so many per cent of all that came in, from outside, \
                 grown, added or from stock",
            ),
            row("breaking", "as for a field", "what more means; `major` if not stated"),
        ],
    },
    Table {
        what: "a test",
        header: "[[test]]",
        about: "A test of a sample against a specification.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", TEXT, "what it is"),
            row("stage", TEXT, "such as `final product`"),
            row("sample", NAME, "the output that is tested; its container is a `sample_tube`"),
            row("specification", TEXT, "code of the specification"),
            row("specification_version", WHOLE, "its version"),
            row("method", TEXT, "the method, such as `Ph. Eur. 2.6.27`"),
            row("method_version", WHOLE, "version of the laboratory's method; 1 if not stated"),
            row("matrix", TEXT, "what is tested, in the laboratory's words"),
            row("criterion", "tables", "what is measured, each with its limit"),
            row("incubation", "table", "for methods that wait for growth"),
            row(
                "pending_at_initial",
                FLAG,
                "the result may be pending at initial certification (ATMP-34)",
            ),
            row("on_certificate", FLAG, "stands on the certificate; true if not stated"),
        ],
    },
    Table {
        what: "an incubation",
        header: "incubation = { … }",
        about: "The times of a method that waits for growth.",
        keys: &[
            row("minimum", SPAN, "shortest time to a final negative"),
            row("interim_max_age", SPAN, "oldest interim reading that supports certification"),
        ],
    },
    Table {
        what: "a criterion",
        header: "[[test.criterion]]",
        about: "What a test must show. It states exactly one limit.",
        keys: &[
            row("name", NAME, "its name"),
            row("title", TEXT, "as printed"),
            row("unit", "unit", "of a number"),
            row("decimals", WHOLE, "to which a number is rounded before it is compared"),
            row("rounding", "`half_up`, `down` or `up`", "by which rule"),
            row("at_least", "number", "≥"),
            row("above", "number", ">"),
            row("at_most", "number", "≤"),
            row("below", "number", "<"),
            row("low", "number", "with `high`: from"),
            row("high", "number", "with `low`: to"),
            row("equals", TEXT, "this text"),
            row("negative", FLAG, "nothing found"),
            row("report_only", FLAG, "reported, without a limit"),
        ],
    },
    Table {
        what: "an assumption",
        header: "[[assume]]",
        about: "What the simulation draws. Names exactly one of `step`, `timer`, `test`, `value`.",
        keys: &[
            row("step", NAME, "how long a step takes, and how often the batch is lost at it"),
            row("timer", NAME, "how long the time between its steps is"),
            row("test", NAME, "how long a test takes"),
            row("value", REF, "what is entered, or what comes from outside"),
            row("lasts", "three times", "shortest, likely, longest"),
            row("is", "three numbers", "lowest, likely, highest, in the unit of the value"),
            row("like", REF, "another value; `is` is then per cent of it"),
            row("fails", "number", "in how many of a hundred runs"),
        ],
    },
];
