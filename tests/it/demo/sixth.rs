//! A sixth process, made up here: records, protocol and site, and no line of Rust for any of them.
//!
//! Two stages, no cells, odd names, and units that no other process uses: fat is stewed for two
//! days, strained, kept in jars, and given by the spoon, by route and by area.

use chorda::demo::Process;
use chorda::site::Site;

use super::Folder;
use super::processes::runs;

/// From lipoaspirate to jars.
const JARS: &str = r#"
id = "FAT-HONEY"
version = 1
title = "Fat honey: stewed, strained and kept in jars"
product = "FAT-HONEY"
legal_basis = "None; this process is made up"
source = "A test"
language = "en"
donation = "inherited"

[[unit]]
name = "kitchen"
title = "In the kitchen"

[[material]]
material = "BRINE"
title = "Brine"

[[material]]
material = "JAR-50"
title = "Jars of 50 ml"

[[parameter]]
name = "jar"
title = "Volume in a jar"
value = 40
unit = "mL"
site_value = true

[[parameter]]
name = "sip"
title = "Volume of a sip"
value = 2
unit = "mL"
site_value = true

[[input]]
name = "blob"
title = "The blob"
material = "LIPOASPIRATE"
container = "collection_pot"
count = 1
distinct_donors = 1
disposition = "released"
max_age = "40 h"

[[output]]
name = "sip"
title = "A sip of fat honey"
material = "FAT-HONEY-SIP"
container = "sample_tube"
keeps = "24 h"
acellular = true
label = "sample_tube"

[[output]]
name = "jars"
title = "Fat honey in jars"
material = "FAT-HONEY"
container = "bottle"
keeps = "90 d"
capacity = 50
acellular = true
label = "bottle"

[[step]]
name = "sweep"
unit = "kitchen"
title = "Sweep the kitchen"
operation = "clear_line"
signature = "performed_verified"
critical = true
instruction = "Nothing of another pot is on the table."

[[step.field]]
name = "swept"
title = "The kitchen is swept"
type = "confirm"

[[step.equipment]]
kind = "isolator"
title = "The glove box"

[[step]]
name = "unpack"
unit = "kitchen"
title = "Unpack the blob"
operation = "receive"
signature = "performed_verified"
critical = true
instruction = "Scan the pot. Weigh what is in it."

[[step.consumes]]
what = "blob"
count = 1

[[step.field]]
name = "weight"
title = "Weight of the blob"
type = "number"
unit = "g"
decimals = 1
action = { min = 50, max = 90 }
breaking = "major"

[[step.field]]
name = "courier"
title = "Who brought it"
type = "text"

[[step.field]]
name = "unpacked_at"
title = "When it was unpacked"
type = "time"

[[step.field]]
name = "paper"
title = "Code on the paper that came with it"
type = "scan"

[[step]]
name = "stew"
unit = "kitchen"
title = "Stew in brine"
operation = "record"
instruction = "Cover with brine, keep warm, stir."

[[step.material]]
material = "BRINE"
quantity = "brine"

[[step.equipment]]
kind = "other"
title = "Slow cooker"

[[step.field]]
name = "brine"
title = "Brine used"
type = "number"
unit = "mL"
decimals = 0
action = { min = 200, max = 400 }
breaking = "minor"

[[step.field]]
name = "warmth"
title = "Warmth"
type = "number"
unit = "Cel"
decimals = 0
source = "instrument"
action = { min = 37, max = 42 }
breaking = "refuse"

[[step]]
name = "strain"
unit = "kitchen"
title = "Strain and measure"
operation = "formulate"
signature = "performed_verified"
critical = true
instruction = "Strain through linen, measure."

[[step.field]]
name = "volume"
title = "Volume strained"
type = "number"
unit = "mL"
decimals = 0
action = { min = 150, max = "stew.brine" }
breaking = "critical"

[[step.field]]
name = "colour"
title = "Colour"
type = "choice"
choices = ["grey", "amber"]
accept = ["amber"]
breaking = "critical"

[step.account]
volume = "volume"

[[step]]
name = "taste"
unit = "kitchen"
title = "Take a sip for the laboratory"
operation = "sample"
instruction = "Stir, take a sip."

[[step.produces]]
output = "sip"
count = 1
volume = "parameter.sip"

[[step]]
name = "ladle"
unit = "kitchen"
title = "Ladle into jars"
operation = "divide"
signature = "performed_verified"
critical = true
instruction = "Fill each jar."

[[step.material]]
material = "JAR-50"
quantity = "count"

[[step.calculation]]
name = "left"
title = "Volume left for jars"
method = "difference"
inputs = { from = "strain.volume", less = "parameter.sip" }
decimals = 0

[[step.calculation]]
name = "most"
title = "Jars the volume allows"
method = "aliquot_count"
inputs = { volume = "left", aliquot = "parameter.jar" }
decimals = 0

[[step.field]]
name = "count"
title = "Jars filled"
type = "number"
unit = "{container}"
decimals = 0
action = { min = 1, max = "most" }
breaking = "refuse"

[[step.produces]]
output = "jars"
count = "count"
volume = "parameter.jar"

[[step]]
name = "tag"
unit = "kitchen"
title = "Tag jars and sip"
operation = "label"
signature = "performed_verified"
critical = true
instruction = "Print, stick on, scan back."
labels = ["jars", "sip"]

[[step]]
name = "cellar"
unit = "kitchen"
title = "Put the jars into the cellar"
operation = "store"
instruction = "Scan each jar and its place."
stored = ["jars"]

[[step]]
name = "wash_up"
unit = "kitchen"
title = "Wash up and count the tags"
operation = "dispose"
signature = "performed_verified"
critical = true
reconcile_labels = true
instruction = "Throw away what is left."

[[step.field]]
name = "washed"
title = "Everything is washed"
type = "confirm"

[[hold_point]]
name = "cook_agrees"
title = "The cook agrees that it is honey"
before = "ladle"

[[timer]]
name = "stewing"
title = "Stewing"
from = "stew"
to = "strain"
min = "44 h"
max = "52 h"
too_early = "refuse"
too_late = "critical"

[[test]]
name = "smell"
title = "Smell"
stage = "jars"
sample = "sip"
specification = "SPEC-FAT-HONEY"
specification_version = 1
method = "By nose"
matrix = "fat honey"

[[test.criterion]]
name = "smell"
title = "Smell"
equals = "of honey"

[[test]]
name = "endotoxin"
title = "Bacterial endotoxins"
stage = "jars"
sample = "sip"
specification = "SPEC-FAT-HONEY"
specification_version = 1
method = "Ph. Eur. 2.6.14"
matrix = "fat honey"

[[test.criterion]]
name = "endotoxin"
title = "Endotoxin"
unit = "[EU]/mL"
decimals = 2
below = 0.5
"#;

/// From a jar to spoons.
const SPOONS: &str = r#"
id = "FAT-HONEY-SPOON"
version = 1
title = "Fat honey by the spoon"
product = "FAT-HONEY-SPOON"
legal_basis = "None; this process is made up"
source = "A test"
language = "en"
for_order = true
donation = "inherited"

[[unit]]
name = "table"
title = "At the table"

[[input]]
name = "jar"
title = "A jar of fat honey"
material = "FAT-HONEY"
container = "bottle"
count = 1
distinct_donors = 1
disposition = "released"
reserved_for_order = true
acellular = true
accepts = [{ id = "FAT-HONEY", versions = [1] }]

[[output]]
name = "drop"
title = "A drop for the culture"
material = "FAT-HONEY-SIP"
container = "sample_tube"
keeps = "24 h"
acellular = true
label = "sample_tube"

[[output]]
name = "spoons"
title = "A spoon of fat honey"
material = "FAT-HONEY-SPOON"
container = "bottle"
keeps = "12 h"
expiry_limited_by_inputs = true
capacity = 20
acellular = true
label = "patient_bottle"

[[parameter]]
name = "drop"
title = "Volume of a drop"
value = 0.5
unit = "mL"
site_value = true

[[step]]
name = "lay"
unit = "table"
title = "Lay the table"
operation = "clear_line"
signature = "performed_verified"
critical = true
instruction = "Nothing of another patient is on the table."

[[step.field]]
name = "laid"
title = "The table is laid for one"
type = "confirm"

[[step]]
name = "open"
unit = "table"
title = "Open the jar"
operation = "retrieve"
signature = "performed_verified"
critical = true
instruction = "Scan the jar of this order, open it, measure."

[[step.consumes]]
what = "jar"
count = 1

[[step.calculation]]
name = "kept"
title = "Volume in the jar"
method = "sum"
inputs = { of = ["contents.jar.volume"] }
decimals = 1

[[step.field]]
name = "volume"
title = "Volume poured"
type = "number"
unit = "mL"
decimals = 1
alert = { max = "kept" }
action = { min = "order.volume" }
breaking = "critical"

[step.account]
volume = "volume"

[[step]]
name = "sip"
unit = "table"
title = "Take a drop"
operation = "sample"
instruction = "Take a drop for the culture."

[[step.produces]]
output = "drop"
count = 1
volume = "parameter.drop"

[[step]]
name = "spoon"
unit = "table"
title = "Fill the spoons"
operation = "fill"
signature = "performed_verified"
critical = true
instruction = "One for each route."

[[step.produces]]
output = "spoons"
per_dose_unit = true

[[step]]
name = "tag"
unit = "table"
title = "Tag spoons and drop"
operation = "label"
signature = "performed_verified"
critical = true
instruction = "Print, stick on, scan back."
labels = ["spoons", "drop"]

[[step]]
name = "clear"
unit = "table"
title = "Clear the table and count the tags"
operation = "dispose"
signature = "performed_verified"
critical = true
reconcile_labels = true
instruction = "Throw away what is left."

[[step.field]]
name = "cleared"
title = "The table is cleared"
type = "confirm"

[[timer]]
name = "open_jar"
title = "Jar open until the spoons are filled"
from = "open"
to = "spoon"
max = "2 h"
too_late = "major"

[[test]]
name = "sterility"
title = "Sterility, growth-based"
stage = "spoon"
sample = "drop"
specification = "SPEC-FAT-HONEY-SPOON"
specification_version = 1
method = "Ph. Eur. 2.6.27"
matrix = "fat honey"
pending_at_initial = true
incubation = { minimum = "7 d", interim_max_age = "72 h" }

[[test.criterion]]
name = "growth"
title = "Growth"
negative = true
"#;

/// By route and by area.
const PROTOCOL: &str = r#"
format = 1
id = "HONEY-01"
version = 1
title = "Fat honey for sore joints"
source = "A test"
language = "en"

[product]
material = "FAT-HONEY-SPOON"
title = "Fat honey"
bank_material = "FAT-HONEY"
aliquots = 1
master_record = "FAT-HONEY-SPOON"
unit = "bottle"
donor = "one_per_patient"

[dose]
rule = "by_route"
sizes = ["5 mL", "20 mL"]

[[dose.route]]
name = "left_knee"
title = "Rubbed on the left knee"
volume = "4 mL"

[[dose.route]]
name = "elbows"
title = "Rubbed on both elbows"
volume_per_area = "1.5 mL/%"
area_step = "2 %"
area_min = "4 %"
area_max = "10 %"

[allowance]
hold_up_per_unit = "0.5 mL"
qc_draw = "0.5 mL"
overage = "10 %"

[schedule]
culture_days_min = 0
culture_days_max = 0
qc_days_before = [0]
order_lead_days = 1
horizon_days = 20

[trial]
code = "TEST-0006"
ethics = "none, made up"
phase = "Made up"
sponsor = "Fictitious kitchen, A9999"
investigator = "Dr. Neža Primer"
site = "site 06"
contact = "Primer Street 6, Ljubljana, +386 1 555 06 00"
statement = "For clinical trial use only"
route = "For rubbing in"
form = "Sticky liquid"
storage = "2–8 °C"
directions = "Rub in"

[[eligibility]]
name = "sore"
kind = "inclusion"
text = "Has a sore joint"

[[eligibility]]
name = "bear"
kind = "exclusion"
text = "Is a bear"
"#;

/// The example site, with the protocol of this process instead of its own.
fn site_file(folder: &Folder) -> std::path::PathBuf {
    let templates = format!("{}/templates", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(format!("{templates}/sites/example.toml")).unwrap();
    let own = |line: &&str| !line.contains("../protocols/") && line.trim() != "]";
    let text = text
        .lines()
        .filter(own)
        .map(|line| match line.split(" = ").next() {
            Some("protocols") => r#"protocols = ["honey.toml"]"#.to_owned(),
            _ => line
                .replace("\"../", &format!("\"{templates}/"))
                .replace("\"example-products", &format!("\"{templates}/sites/example-products")),
        })
        .collect::<Vec<String>>()
        .join("\n");
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::write(folder.0.join("honey.toml"), PROTOCOL).unwrap();
    let path = folder.0.join("site.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_process_nobody_thought_of_runs_without_a_line_of_rust() {
    let folder = Folder::new("honey-site");
    let path = site_file(&folder);
    let site = Site::read(&path).unwrap();
    let process = Process::of(&site, "HONEY-01", &[SPOONS, JARS]).unwrap();
    let process = Process { site: Some(path), ..process };
    runs(&process, &["too_early", "dose_unknown_site", "patient_mismatch", "step_out_of_order"]);
}
