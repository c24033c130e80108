//! The index of ISBT 128 data structures: identifier, number, name, length (ST-001 table of
//! data identifiers; the facts only, no licensed reference table).
//!
//! Architecture invariant: reading a structure's length needs nothing but its identifier and its
//! own header; position in the text never decides what something is.

/// How long the content after the data identifier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// Always this many characters.
    Fixed(usize),
    /// `fixed` + the number at `at..to` of the content × `unit`.
    Counted { fixed: usize, at: usize, to: usize, unit: usize },
}

/// One row of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Structure {
    /// Number in ST-001, for example 3.
    pub number: u16,
    /// Data identifier, for example `=<`.
    pub identifier: &'static str,
    /// Name in ST-001.
    pub name: &'static str,
    pub(crate) length: Length,
}

const fn fixed(
    number: u16,
    identifier: &'static str,
    length: usize,
    name: &'static str,
) -> Structure {
    Structure { number, identifier, name, length: Length::Fixed(length) }
}

const fn counted(
    number: u16,
    identifier: &'static str,
    length: Length,
    name: &'static str,
) -> Structure {
    Structure { number, identifier, name, length }
}

/// All structures but 001, whose identifier is `=` and the first character of the number itself.
pub(crate) static STRUCTURES: [Structure; 39] = [
    fixed(2, "=%", 4, "Blood Groups / Special Message"),
    fixed(3, "=<", 8, "Product Code"),
    fixed(4, "=>", 6, "Expiration Date"),
    fixed(5, "&>", 10, "Expiration Date and Time"),
    fixed(6, "=*", 6, "Collection Date"),
    fixed(7, "&*", 10, "Collection Date and Time"),
    fixed(8, "=}", 6, "Production Date"),
    fixed(9, "&}", 10, "Production Date and Time"),
    fixed(10, "&(", 5, "Special Testing: General"),
    fixed(11, "={", 18, "Special Testing (retired)"),
    fixed(12, "=\\", 18, "Special Testing: Red Cell Antigens General"),
    fixed(13, "&\\", 18, "Special Testing: Red Cell Antigens Finnish"),
    fixed(14, "&{", 18, "Special Testing: Platelet HLA and Antigens"),
    fixed(15, "=[", 18, "Special Testing (retired)"),
    fixed(16, "=\"", 18, "Special Testing (retired)"),
    fixed(17, "=)", 10, "Container Manufacturer and Catalogue Number"),
    fixed(18, "&)", 10, "Container Lot Number"),
    fixed(19, "=;", 21, "Donor Identification Number"),
    fixed(20, "='", 11, "Staff Member Identification Number"),
    fixed(21, "=-", 10, "Manufacturer and Catalogue Number: Other Items"),
    fixed(22, "&-", 10, "Lot Number: Other Items"),
    fixed(23, "=+", 5, "Compound Message"),
    fixed(24, "=#", 10, "Patient Date of Birth"),
    counted(
        25,
        "&#",
        Length::Counted { fixed: 4, at: 2, to: 4, unit: 1 },
        "Patient Identification Number",
    ),
    fixed(26, "=]", 6, "Expiration Month and Year"),
    fixed(27, "&\"", 18, "Transfusion Transmitted Infection Marker"),
    fixed(28, "=$", 16, "Product Consignment"),
    counted(29, "&$", Length::Counted { fixed: 2, at: 0, to: 2, unit: 14 }, "Dimensions"),
    counted(
        30,
        "&%",
        Length::Counted { fixed: 3, at: 0, to: 3, unit: 10 },
        "Red Cell Antigens with Test History",
    ),
    fixed(31, "=(", 16, "Flexible Date and Time"),
    fixed(32, "=,", 6, "Product Divisions"),
    fixed(33, "&+", 11, "Processing Facility Information Code"),
    fixed(34, "=/", 16, "Processor Product Identification Code"),
    fixed(35, "&,1", 18, "MPHO Lot Number"),
    fixed(36, "&,2", 18, "MPHO Supplemental Identification Number"),
    fixed(37, "&,3", 19, "Global Registration Identifier (retired)"),
    fixed(38, "&,4", 40, "Single European Code"),
    fixed(39, "&:", 19, "Global Registration Identifier for Donors"),
    fixed(40, "&/", 15, "Chain of Identity Identifier"),
];

/// Structure 001.
pub(crate) static DIN: Structure = fixed(1, "=", 15, "Donation Identification Number");

/// The structure whose identifier `text` begins with; 001 not included.
pub(crate) fn find(text: &str) -> Option<&'static Structure> {
    STRUCTURES.iter().find(|structure| text.starts_with(structure.identifier))
}
