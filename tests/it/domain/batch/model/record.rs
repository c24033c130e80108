//! Made-up master records within bounds: steps one after another and side by side, repeats,
//! conditions, limits of every kind, times, hold points, containers, books.

use proptest::prelude::*;
use std::fmt::Write;

/// What breaking a limit means, as the file writes it.
pub(super) const BREAKING: [&str; 4] = ["refuse", "minor", "major", "critical"];

/// A made-up record.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    vials: u32,
    max_age: bool,
    flasks: u32,
    work: Vec<Work>,
    timers: [Option<Time>; 3],
    holds: [bool; 2],
    lost: Option<(u32, &'static str)>,
    left: Option<(u32, &'static str)>,
}

/// A step of the middle.
#[derive(Debug, Clone)]
struct Work {
    entry: Entry,
    /// 0: after the step above; 1: beside it; 2: after two of the steps above.
    order: u8,
    /// Done only for the long way.
    condition: bool,
    repeat: (u32, u32),
    verified: bool,
    material: bool,
    equipment: bool,
}

#[derive(Debug, Clone)]
enum Entry {
    Number { low: i64, width: i64, alert: bool, breaking: &'static str, sum: bool },
    Choice { breaking: &'static str },
    Confirm,
    Text { required: bool },
}

#[derive(Debug, Clone)]
struct Time {
    min: Option<u32>,
    max: Option<u32>,
    early: &'static str,
    late: &'static str,
}

fn breaking() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&BREAKING)
}

fn entry() -> impl Strategy<Value = Entry> {
    let number = (-20_i64..40, 0_i64..20, any::<bool>(), breaking(), any::<bool>()).prop_map(
        |(low, width, alert, breaking, sum)| Entry::Number { low, width, alert, breaking, sum },
    );
    prop_oneof![
        4 => number,
        2 => breaking().prop_map(|breaking| Entry::Choice { breaking }),
        1 => Just(Entry::Confirm),
        1 => any::<bool>().prop_map(|required| Entry::Text { required }),
    ]
}

fn work() -> impl Strategy<Value = Work> {
    let flags = (prop::bool::weighted(0.3), any::<bool>(), any::<bool>(), any::<bool>());
    (entry(), 0_u8..3, flags, (0_u32..3, 0_u32..3)).prop_map(
        |(entry, order, flags, (min, more))| {
            let (condition, verified, material, equipment) = flags;
            let repeat = (min, (min + more).max(1));
            Work { entry, order, condition, repeat, verified, material, equipment }
        },
    )
}

fn time() -> impl Strategy<Value = Option<Time>> {
    let hours = (prop::option::of(1_u32..30), 0_u32..40, any::<bool>(), breaking(), breaking());
    prop::option::of(hours).prop_map(|time| {
        let (min, more, open, early, late) = time?;
        let max = (min.is_none() || !open).then_some(min.unwrap_or(1) + more);
        Some(Time { min, max, early, late })
    })
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let first = (1_u32..3, any::<bool>(), 1_u32..4, prop::collection::vec(work(), 0..6));
    let rest = ([time(), time(), time()], any::<[bool; 2]>());
    let lost = prop::option::of((1_u32..60, breaking()));
    let left = prop::option::of((0_u32..6, breaking()));
    (first, rest, lost, left).prop_map(|(first, rest, lost, left)| {
        let ((vials, max_age, flasks, work), (timers, holds)) = (first, rest);
        Plan { vials, max_age, flasks, work, timers, holds, lost, left }
    })
}

const HEAD: &str = r#"id = "MODEL"
version = 1
title = "A made-up process"
product = "MODEL-CELLS"
legal_basis = "None"
source = "Made up"
language = "en"

[[parameter]]
name = "sample_volume"
title = "Volume of the sample"
value = 1.0
unit = "mL"

[[output]]
name = "flask"
title = "Culture"
material = "MODEL-CULTURE"
container = "flask"
label = "flask"

[[output]]
name = "sample"
title = "Sample"
material = "MODEL-SAMPLE"
container = "sample_tube"
label = "sample_tube"

[[output]]
name = "cells"
title = "Grown cells"
material = "MODEL-CELLS"
container = "hold_vial"
label = "hold_vial"

[[test]]
name = "sterility"
title = "Sterility"
stage = "harvest"
sample = "sample"
specification = "SPEC-MODEL"
specification_version = 1
method = "Ph. Eur. 2.6.27"
matrix = "cells"

[[test.criterion]]
name = "growth"
title = "Growth"
negative = true
"#;

const FIRST: &str = r#"
[[step]]
name = "clear_line"
title = "Line clearance"
operation = "clear_line"
signature = "performed_verified"
critical = true
instruction = "Nothing else may be here."

[[step.field]]
name = "clear"
title = "Nothing else is here"
type = "confirm"

[[step]]
name = "enter"
title = "Take in and count"
operation = "receive"
signature = "performed_verified"
instruction = "Scan, count, choose the way."
consumes = [{ what = "vial" }]
account = { cells = "viable", volume = "volume" }

[[step.field]]
name = "viable"
title = "Viable cells"
type = "number"
unit = "10*6"
decimals = 1

[[step.field]]
name = "volume"
title = "Volume"
type = "number"
unit = "mL"
decimals = 1

[[step.field]]
name = "way"
title = "The way"
type = "choice"
choices = ["short", "long"]
"#;

const TAIL: &str = r#"
[[step.calculation]]
name = "each"
title = "Cells in each flask"
method = "equal_parts"
inputs = { whole = "enter.viable", parts = "parameter.flasks" }
decimals = 2
rounding = "down"

[[step]]
name = "label_flasks"
title = "Label the flasks"
operation = "label"
instruction = "Print, apply, scan back."
labels = ["flask"]

[[step]]
name = "harvest"
title = "Harvest"
operation = "harvest"
signature = "performed_verified"
critical = true
instruction = "Detach and count."
consumes = [{ what = "flask" }]
account = { cells = "viable", volume = "volume" }

[[step.field]]
name = "viable"
title = "Viable cells"
type = "number"
unit = "10*6"
decimals = 1
alert = { min = 20 }
action = { min = 5 }
breaking = "major"

[[step.field]]
name = "volume"
title = "Volume"
type = "number"
unit = "mL"
decimals = 1
action = { min = 2 }
breaking = "refuse"

[[step.calculation]]
name = "doublings"
title = "Doublings"
method = "population_doublings"
inputs = { seeded = "enter.viable", harvested = "viable" }
decimals = 2
alert = { max = 3 }

[[step]]
name = "fill"
title = "Sample and fill"
operation = "divide"
instruction = "Draw the sample, fill the rest."
produces = [
  { output = "sample", count = 1, volume = "parameter.sample_volume" },
  { output = "cells", count = "bottles", volume = "volume_each", cells = "cells_each" },
]

[[step.field]]
name = "bottles"
title = "How many"
type = "number"
unit = "{container}"
decimals = 0
action = { min = 1, max = 3 }
breaking = "refuse"

[[step.calculation]]
name = "cells_each"
title = "Cells in each"
method = "equal_parts"
inputs = { whole = "harvest.viable", parts = "bottles" }
decimals = 1
rounding = "down"

[[step.field]]
name = "volume_each"
title = "Volume in each"
type = "number"
unit = "mL"
decimals = 1
action = { min = 0.1 }
breaking = "refuse"

[[step]]
name = "label_all"
title = "Label what is filled"
operation = "label"
instruction = "Print, apply, scan back."
labels = ["sample", "cells"]

[[step]]
name = "close"
title = "Close"
operation = "dispose"
signature = "performed_verified"
critical = true
instruction = "Dispose of what is left."
reconcile_labels = true
"#;

impl Plan {
    /// The file.
    pub(super) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        let age = if self.max_age { "max_age = \"10 d\"\n" } else { "" };
        let (vials, flasks) = (self.vials, self.flasks);
        write!(
            text,
            "\n[[parameter]]\nname = \"flasks\"\ntitle = \"Flasks\"\nvalue = {flasks}\n\
             unit = \"{{container}}\"\n\n[[input]]\nname = \"vial\"\ntitle = \"Vial\"\n\
             material = \"MODEL-BANK\"\ncontainer = \"cryovial\"\ncount = {vials}\n\
             disposition = \"released\"\n{age}"
        )
        .unwrap();
        if self.work.iter().any(|work| work.material) {
            text.push_str("\n[[material]]\nmaterial = \"MODEL-MEDIUM\"\ntitle = \"Medium\"\n");
        }
        text.push_str(&self.around());
        text.push_str(FIRST);
        for (number, work) in self.work.iter().enumerate() {
            text.push_str(&work.text(number));
        }
        text.push_str(&self.seed());
        text.push_str(TAIL);
        text
    }

    /// The step that waits for every step of the middle.
    fn seed(&self) -> String {
        let mut after = vec!["\"enter\"".to_owned()];
        after.extend((0..self.work.len()).map(|number| format!("\"work_{number}\"")));
        format!(
            "\n[[step]]\nname = \"seed\"\ntitle = \"Seed\"\noperation = \"seed\"\nafter = [{}]\n\
             instruction = \"Divide evenly.\"\nproduces = [{{ output = \"flask\", \
             count = \"parameter.flasks\", cells = \"each\" }}]\n",
            after.join(", ")
        )
    }

    /// Times, hold points, reconciliations.
    fn around(&self) -> String {
        let mut text = String::new();
        let spans = [("enter", "seed"), ("seed", "harvest"), ("harvest", "close")];
        for (time, (from, to)) in self.timers.iter().zip(spans) {
            let Some(time) = time else { continue };
            let line = |key: &str, hours: Option<u32>| {
                hours.map_or(String::new(), |hours| format!("{key} = \"{hours} h\"\n"))
            };
            write!(
                text,
                "\n[[timer]]\nname = \"to_{to}\"\ntitle = \"Until {to}\"\nfrom = \"{from}\"\n\
                 to = \"{to}\"\n{}{}too_early = \"{}\"\ntoo_late = \"{}\"\n",
                line("min", time.min),
                line("max", time.max),
                time.early,
                time.late
            )
            .unwrap();
        }
        for (wanted, before) in self.holds.iter().zip(["seed", "fill"]) {
            if *wanted {
                write!(
                    text,
                    "\n[[hold_point]]\nname = \"agree_{before}\"\ntitle = \"QA agrees\"\n\
                     before = \"{before}\"\n"
                )
                .unwrap();
            }
        }
        if let Some((percent, breaking)) = self.lost {
            write!(
                text,
                "\n[[reconcile]]\nname = \"lost\"\ntitle = \"Cells lost\"\naccount = \"loss\"\n\
                 unit = \"10*6\"\nstep = \"harvest\"\npercent = {percent}\n\
                 breaking = \"{breaking}\"\n"
            )
            .unwrap();
        }
        if let Some((most, breaking)) = self.left {
            write!(
                text,
                "\n[[reconcile]]\nname = \"left\"\ntitle = \"Left over\"\naccount = \"waste\"\n\
                 unit = \"mL\"\nmax = {most}\nbreaking = \"{breaking}\"\n"
            )
            .unwrap();
        }
        text
    }
}

impl Work {
    fn text(&self, number: usize) -> String {
        let mut text = format!(
            "\n[[step]]\nname = \"work_{number}\"\ntitle = \"Work {number}\"\n\
             operation = \"record\"\ninstruction = \"Work.\"\n"
        );
        let beside = if number < 2 { "enter".to_owned() } else { format!("work_{}", number - 2) };
        match (self.order, number) {
            (1, 1..) => writeln!(text, "after = [\"{beside}\"]").unwrap(),
            (2, 1..) => {
                let above = format!("work_{}", number - 1);
                writeln!(text, "after = [\"{beside}\", \"{above}\"]").unwrap();
            }
            _ => {}
        }
        if self.condition {
            text.push_str("when = { value = \"enter.way\", is = [\"long\"] }\n");
        }
        let (min, max) = self.repeat;
        writeln!(text, "repeat = {{ min = {min}, max = {max} }}").unwrap();
        // A step that must be verified may not be optional.
        if self.verified && min > 0 && !self.condition {
            text.push_str("signature = \"performed_verified\"\n");
        }
        text.push_str(&self.entry.text());
        if self.material {
            text.push_str("\n[[step.material]]\nmaterial = \"MODEL-MEDIUM\"\n");
        }
        if self.equipment {
            text.push_str("\n[[step.equipment]]\nkind = \"incubator\"\ntitle = \"Incubator\"\n");
        }
        text
    }
}

impl Entry {
    fn text(&self) -> String {
        let field = |kind: &str| {
            format!("\n[[step.field]]\nname = \"value\"\ntitle = \"Value\"\ntype = \"{kind}\"\n")
        };
        match self {
            Self::Confirm => field("confirm"),
            Self::Text { required } => format!("{}required = {required}\n", field("text")),
            Self::Choice { breaking } => format!(
                "{}choices = [\"good\", \"fair\", \"bad\"]\naccept = [\"good\", \"fair\"]\n\
                 breaking = \"{breaking}\"\n",
                field("choice")
            ),
            Self::Number { low, width, alert, breaking, sum } => {
                let high = low + width;
                let mut text = format!(
                    "{}unit = \"Cel\"\ndecimals = 1\naction = {{ min = {low}, max = {high} }}\n\
                     breaking = \"{breaking}\"\n",
                    field("number")
                );
                if *alert {
                    let (low, high) = (low + width / 4, high - width / 4);
                    writeln!(text, "alert = {{ min = {low}, max = {high} }}").unwrap();
                }
                if *sum {
                    let most = high * 2 - 3;
                    write!(
                        text,
                        "\n[[step.calculation]]\nname = \"twice\"\ntitle = \"Twice\"\n\
                         method = \"sum\"\ninputs = {{ of = [\"value\", \"value\"] }}\n\
                         decimals = 1\naction = {{ max = {most} }}\nbreaking = \"{breaking}\"\n"
                    )
                    .unwrap();
                }
                text
            }
        }
    }
}
