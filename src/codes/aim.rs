//! AIM symbology prefixes (ISO/IEC 15424): what the scanner says about the symbol it read.
//!
//! A scanner may put `]` + letter + digit before the data. [`strip`] takes it off; the rest of
//! [`crate::codes`] uses it only to route, never to trust content.
//!
//! Architecture invariant: a text without a prefix is as good as one with it.

use super::CodeError;

/// The symbologies that carry codes we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbology {
    /// `]C0`: Code 128.
    Code128,
    /// `]C1`: GS1-128.
    Gs1Code128,
    /// `]C4`: Code 128 with ISBT 128 concatenation.
    IsbtConcatenated,
    /// `]d0`, `]d1`: Data Matrix ECC 200.
    DataMatrix,
    /// `]d2`: GS1 Data Matrix.
    Gs1DataMatrix,
    /// `]Q0`–`]Q2`: QR code.
    Qr,
    /// `]Q3`: GS1 QR code.
    Gs1Qr,
    /// `]e0`: GS1 DataBar and composite.
    Gs1DataBar,
    /// `]E0`, `]E4`: EAN-13 and EAN-8, an article number alone.
    Ean,
}

impl Symbology {
    /// True when the data must be a GS1 element string.
    #[must_use]
    pub fn is_gs1(self) -> bool {
        matches!(self, Self::Gs1Code128 | Self::Gs1DataMatrix | Self::Gs1Qr | Self::Gs1DataBar)
    }
}

impl Symbology {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code128 => "Code 128",
            Self::Gs1Code128 => "GS1-128",
            Self::IsbtConcatenated => "Code 128, ISBT 128 concatenation",
            Self::DataMatrix => "Data Matrix",
            Self::Gs1DataMatrix => "GS1 DataMatrix",
            Self::Qr => "QR code",
            Self::Gs1Qr => "GS1 QR code",
            Self::Gs1DataBar => "GS1 DataBar",
            Self::Ean => "EAN",
        }
    }
}

/// Splits an AIM prefix from the data. Refuses a symbology that carries none of our codes.
pub fn strip(text: &str) -> Result<(Option<Symbology>, &str), CodeError> {
    if !text.starts_with(']') {
        return Ok((None, text));
    }
    let prefix = text.get(..3).unwrap_or(text);
    let symbology = match prefix {
        "]C0" => Symbology::Code128,
        "]C1" => Symbology::Gs1Code128,
        "]C4" => Symbology::IsbtConcatenated,
        "]d0" | "]d1" => Symbology::DataMatrix,
        "]d2" => Symbology::Gs1DataMatrix,
        "]Q0" | "]Q1" | "]Q2" => Symbology::Qr,
        "]Q3" => Symbology::Gs1Qr,
        "]e0" => Symbology::Gs1DataBar,
        "]E0" | "]E4" => Symbology::Ean,
        _ => return Err(CodeError::UnknownSymbology { prefix: CodeError::excerpt(prefix) }),
    };
    Ok((Some(symbology), text.get(3..).unwrap_or("")))
}
