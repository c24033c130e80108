//! Rasters as PNG.
//!
//! Architecture invariant: the picture holds the size of a dot, so that it prints and shows in its
//! real size.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::Resolution;
use super::raster::{Dots, Raster};

/// The raster as PNG, one bit to the dot.
#[must_use]
pub fn png(raster: &Raster) -> Vec<u8> {
    let mut rows = Vec::with_capacity(raster.bits.len() + raster.height);
    for row in raster.bits.chunks(raster.row_bytes().max(1)) {
        rows.push(0);
        // In a PNG of one grey bit 1 is white.
        rows.extend(row.iter().map(|byte| !byte));
    }
    file(raster, [1, 0], None, &rows)
}

/// The raster in grey with these areas framed in red: the picture of what is wrong.
pub(super) fn marked(raster: &Raster, areas: &[Dots]) -> Vec<u8> {
    const WHITE: u8 = 0;
    const GREY: u8 = 1;
    const RED: u8 = 2;
    const PALETTE: [u8; 9] = [255, 255, 255, 70, 70, 70, 208, 0, 0];
    let mut dots: Vec<u8> = Vec::with_capacity(raster.width * raster.height);
    for y in 0..raster.height {
        dots.extend((0..raster.width).map(|x| if raster.dark(x, y) { GREY } else { WHITE }));
    }
    let edge = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let (width, height) = (edge(raster.width), edge(raster.height));
    let thick = (height / 60).max(2);
    for area in areas {
        // What reaches beyond the stock is framed where it leaves it.
        let left = area.left.clamp(0, width - thick);
        let right = area.right.clamp(left + thick, width);
        let top = area.top.clamp(0, height - thick);
        let bottom = area.bottom.clamp(top + thick, height);
        for y in top..bottom {
            for x in left..right {
                let inner = x >= left + thick
                    && x < right - thick
                    && y >= top + thick
                    && y < bottom - thick;
                let place = usize::try_from(y * width + x).ok().filter(|_| !inner);
                if let Some(dot) = place.and_then(|place| dots.get_mut(place)) {
                    *dot = RED;
                }
            }
        }
    }
    let mut rows = Vec::with_capacity(dots.len() + raster.height);
    for row in dots.chunks(raster.width.max(1)) {
        rows.push(0);
        rows.extend_from_slice(row);
    }
    file(raster, [8, 3], Some(&PALETTE), &rows)
}

fn file(
    raster: &Raster,
    depth_and_colour: [u8; 2],
    palette: Option<&[u8]>,
    rows: &[u8],
) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = |length: usize| u32::try_from(length).unwrap_or(0).to_be_bytes();
    let mut head = Vec::new();
    head.extend(size(raster.width));
    head.extend(size(raster.height));
    head.extend(depth_and_colour);
    head.extend([0, 0, 0]);
    chunk(&mut file, b"IHDR", &head);
    if let Some(palette) = palette {
        chunk(&mut file, b"PLTE", palette);
    }
    let mut physical = Vec::new();
    physical.extend(dots_per_metre(raster.resolution).to_be_bytes());
    physical.extend(dots_per_metre(raster.resolution).to_be_bytes());
    physical.push(1);
    chunk(&mut file, b"pHYs", &physical);
    chunk(&mut file, b"IDAT", &zlib(rows));
    chunk(&mut file, b"IEND", &[]);
    file
}

fn dots_per_metre(resolution: Resolution) -> u32 {
    u32::try_from(36_000_000 / resolution.dot().value()).unwrap_or(0)
}

/// Compresses as zlib does (RFC 1950). Memory takes every byte, so nothing can fail here.
pub(super) fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    match encoder.write_all(data) {
        Ok(()) => encoder.finish().unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(name);
    sum.update(data);
    file.extend(name);
    file.extend(data);
    file.extend(sum.sum().to_be_bytes());
}
