//! PWG Raster, taken apart without the program's help (PWG 5102.4).

use chorda::labels::{Ink, Raster, Resolution, pwg};
use proptest::prelude::*;

/// A page as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) dpi: (u32, u32),
    /// Width and height in points.
    pub(crate) points: (u32, u32),
    pub(crate) pages: u32,
    pub(crate) bits_per_dot: u32,
    /// Black dots, row by row.
    pub(crate) dots: Vec<bool>,
}

impl Arrived {
    /// As the program holds it.
    pub(crate) fn of(raster: &Raster) -> Vec<bool> {
        let rows = (0..raster.height).map(|y| (0..raster.width).map(move |x| (x, y)));
        rows.flatten().map(|(x, y)| raster.dark(x, y)).collect()
    }

    /// A portable bitmap with a white edge, which every tool reads.
    pub(crate) fn bitmap(&self) -> Vec<u8> {
        let edge = 64;
        let (width, height) = (self.width + 2 * edge, self.height + 2 * edge);
        let mut file = format!("P1\n{width} {height}\n").into_bytes();
        for y in 0..height {
            for x in 0..width {
                let inside = (edge..edge + self.width).contains(&x)
                    && (edge..edge + self.height).contains(&y);
                let black = inside && self.dots[(y - edge) * self.width + x - edge];
                file.extend(if black { b"1 " } else { b"0 " });
            }
            file.push(b'\n');
        }
        file
    }
}

fn number(page: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(page[at..at + 4].try_into().unwrap())
}

/// The pages of a document; panics where it breaks the format.
pub(crate) fn take_apart(document: &[u8]) -> Vec<Arrived> {
    assert_eq!(&document[..4], b"RaS2");
    let mut rest = &document[4..];
    let mut pages = Vec::new();
    while !rest.is_empty() {
        let head = &rest[..1796];
        assert_eq!(&head[..10], b"PwgRaster\0");
        // Reserved bytes are zero.
        for (from, to) in [(256, 268), (284, 300), (312, 324), (332, 340), (404, 420), (424, 452)] {
            assert!(head[from..to].iter().all(|byte| *byte == 0), "{from}");
        }
        let [width, height, bits, line] =
            [372, 376, 388, 392].map(|at| usize::try_from(number(head, at)).unwrap());
        let space = number(head, 400);
        assert_eq!(
            (number(head, 384), number(head, 396), number(head, 420)),
            (number(head, 388), 0, 1)
        );
        assert_eq!((number(head, 456), number(head, 460)), (1, 1));
        assert_eq!(line, (width * bits).div_ceil(8));
        let (used, rows) = unpack(&rest[1796..], line, height);
        rest = &rest[1796 + used..];
        let dot = |row: &[u8], x: usize| match (space, bits) {
            (3, 1) => row[x / 8] & (0x80 >> (x % 8)) != 0,
            (18, 1) => row[x / 8] & (0x80 >> (x % 8)) == 0,
            (18, 8) => {
                assert!([0, 255].contains(&row[x]));
                row[x] == 0
            }
            other => panic!("{other:?}"),
        };
        pages.push(Arrived {
            width,
            height,
            dpi: (number(head, 276), number(head, 280)),
            points: (number(head, 352), number(head, 356)),
            pages: number(head, 452),
            bits_per_dot: number(head, 388),
            dots: rows
                .iter()
                .flat_map(|row| (0..width).map(|x| dot(row, x)).collect::<Vec<_>>())
                .collect(),
        });
    }
    pages
}

fn unpack(data: &[u8], line: usize, height: usize) -> (usize, Vec<Vec<u8>>) {
    let mut at = 0;
    let mut rows = Vec::new();
    while rows.len() < height {
        let again = usize::from(data[at]);
        at += 1;
        let mut row = Vec::new();
        while row.len() < line {
            let code = data[at];
            assert_ne!(code, 128, "reserved");
            at += 1;
            if code < 128 {
                row.extend(vec![data[at]; usize::from(code) + 1]);
                at += 1;
            } else {
                let count = 257 - usize::from(code);
                row.extend(&data[at..at + count]);
                at += count;
            }
        }
        assert_eq!(row.len(), line, "a code reaches over the end of the row");
        (0..=again).for_each(|_| rows.push(row.clone()));
    }
    assert_eq!(rows.len(), height, "rows beyond the page");
    (at, rows)
}

/// Bitmaps as labels have them, and worse: long runs, stretches without any, equal rows.
fn rasters() -> impl Strategy<Value = Raster> {
    let row = prop_oneof![
        Just(vec![0_u8]),
        Just(vec![255_u8]),
        proptest::collection::vec(any::<u8>(), 1..90),
        proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255)], 1..40),
    ];
    let rows =
        proptest::collection::vec((row, prop_oneof![4 => 1..4_usize, 1 => 250..300_usize]), 1..5);
    let resolutions = proptest::sample::select(Resolution::ALL.to_vec());
    (1..700_usize, rows, resolutions).prop_map(|(width, rows, resolution)| {
        let bytes = width.div_ceil(8);
        let mask = if width.is_multiple_of(8) { 255 } else { !(255_u8 >> (width % 8)) };
        let mut bits = Vec::new();
        let mut height = 0;
        for (pattern, again) in rows {
            let mut row: Vec<u8> = pattern.iter().copied().cycle().take(bytes).collect();
            *row.last_mut().unwrap() &= mask;
            (0..again).for_each(|_| bits.extend(&row));
            height += again;
        }
        Raster { width, height, resolution, bits }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_raster_arrives_dot_for_dot_in_every_ink(raster in rasters(), copies in 1..4_u32) {
        for ink in Ink::ALL {
            let document = pwg(&[(&raster, copies), (&raster, 1)], ink);
            let pages = take_apart(&document);
            prop_assert_eq!(pages.len(), usize::try_from(copies).unwrap() + 1);
            let wanted = Arrived::of(&raster);
            for page in pages {
                prop_assert_eq!((page.width, page.height), (raster.width, raster.height));
                prop_assert_eq!(page.dpi, (raster.resolution.dpi(), raster.resolution.dpi()));
                prop_assert_eq!(page.pages, copies + 1);
                prop_assert!(page.dots == wanted, "{:?}", ink);
            }
        }
    }
}

#[test]
fn a_row_is_packed_as_the_standard_shows_it() {
    // PWG 5102.4, 4.4: runs say one less than their length, stretches 257 less it.
    let bits = vec![1, 2, 3, 3, 3, 4, 4, 5];
    let raster = Raster { width: 64, height: 1, resolution: Resolution::Dpi203, bits };
    let document = pwg(&[(&raster, 1)], Ink::Black1);
    assert_eq!(document[4 + 1796..], [0, 255, 1, 2, 2, 3, 1, 4, 0, 5]);
    assert_eq!(take_apart(&document)[0].points, (23, 0));
}
