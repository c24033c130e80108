//! Rasters as ZPL II, the language of most label printers.
//!
//! Architecture invariant: the printer gets the dots that were checked, as one graphic. It draws
//! no text and no symbol of its own, so that its fonts and its firmware change nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::png::zlib;
use super::raster::Raster;

/// One label format that prints `copies` of the raster.
#[must_use]
pub fn zpl(raster: &Raster, copies: u32) -> String {
    let text = STANDARD.encode(zlib(&raster.bits));
    let (width, height) = (raster.width, raster.height);
    let (bytes, row) = (raster.bits.len(), raster.row_bytes());
    let check = crc16(text.as_bytes());
    format!(
        "^XA^PW{width}^LL{height}^LH0,0^FO0,0^GFA,{bytes},{bytes},{row},:Z64:{text}:{check:04X}\
         ^FS^PQ{copies}^XZ\n"
    )
}

/// The cyclic check of a Z64 graphic: CRC-16 with the polynomial 1021, over the coded text.
fn crc16(data: &[u8]) -> u16 {
    data.iter().fold(0, |sum: u16, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| match sum & 0x8000 {
            0 => sum << 1,
            _ => (sum << 1) ^ 0x1021,
        })
    })
}
