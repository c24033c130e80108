//! The Merkle tree of RFC 6962: a frontier that grows by appending, roots, and proofs.
//!
//! The frontier is the *compact range* of the whole log: the roots of its perfect subtrees,
//! largest first, at most 64 of them. It is all the sealer needs to append. Proofs are made
//! from leaf hashes and checked by code that shares nothing with their making (RFC 9162 §2.1).
//!
//! Architecture invariant: no function here recurses deeper than 64 levels or panics on any
//! input.

use std::collections::{BTreeMap, BTreeSet};

use super::hash::Hash;

/// Why a frontier could not be read or grown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The number of hashes does not fit the size.
    #[error("a tree of {size} leaves has {expected} frontier hashes, not {found}")]
    FrontierLength {
        /// Number of leaves.
        size: u64,
        /// Number of hashes that size needs.
        expected: usize,
        /// Number of hashes found.
        found: usize,
    },
    /// The stored bytes are not a whole number of hashes.
    #[error("stored frontier bytes are not a multiple of 32")]
    FrontierBytes,
    /// The log is as large as a 64-bit counter allows.
    #[error("the log is full")]
    Full,
}

/// Why a proof was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index does not lie in the tree, or the sizes are in the wrong order.
    #[error("the index or the sizes lie outside the tree")]
    OutOfRange,
    /// The proof has too few or too many hashes.
    #[error("the proof has the wrong number of hashes")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The compact range of a log: its size and the roots of its perfect subtrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the empty log.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: 0, nodes: Vec::new() }
    }

    /// Reads a stored frontier.
    ///
    /// # Errors
    /// When the bytes are not as many hashes as `size` has one-bits.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, TreeError> {
        let nodes = bytes
            .chunks(32)
            .map(|chunk| Hash::from_slice(chunk).map_err(|_| TreeError::FrontierBytes))
            .collect::<Result<Vec<_>, _>>()?;
        let expected = usize::try_from(size.count_ones()).map_err(|_| TreeError::Full)?;
        if nodes.len() != expected {
            return Err(TreeError::FrontierLength { size, expected, found: nodes.len() });
        }
        Ok(Self { size, nodes })
    }

    /// The hashes one after another, largest subtree first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.nodes.iter().flat_map(|hash| hash.as_bytes().iter().copied()).collect()
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends the entry of one event, which is its event hash.
    ///
    /// # Errors
    /// When the log is full.
    pub fn push_entry(&mut self, entry: &Hash) -> Result<(), TreeError> {
        self.push_leaf(Hash::of_leaf(entry.as_bytes()))
    }

    /// Appends a leaf hash.
    ///
    /// # Errors
    /// When the log is full.
    pub fn push_leaf(&mut self, leaf: Hash) -> Result<(), TreeError> {
        let grown = self.size.checked_add(1).ok_or(TreeError::Full)?;
        let mut carried = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.nodes.pop().ok_or(TreeError::FrontierBytes)?;
            carried = Hash::of_node(&left, &carried);
        }
        self.nodes.push(carried);
        self.size = grown;
        Ok(())
    }

    /// The root of the log.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.nodes
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| Hash::of_node(&left, &right))
            .unwrap_or_else(Hash::of_empty_tree)
    }
}

/// The root over leaf hashes (RFC 6962 §2.1), by the recursive definition and not by the
/// frontier, so that the two can check one another.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_empty_tree(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = halves(leaves);
            Hash::of_node(&root(left), &root(right))
        }
    }
}

/// The inclusion proof of the leaf at `index` (RFC 6962 §2.1.1); `None` when there is no such
/// leaf.
#[must_use]
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut siblings = Vec::new();
    let (mut part, mut index) = (leaves, index);
    while part.len() > 1 {
        let (left, right) = halves(part);
        if index < left.len() {
            siblings.push(root(right));
            part = left;
        } else {
            siblings.push(root(left));
            index = index.checked_sub(left.len())?;
            part = right;
        }
    }
    siblings.reverse();
    Some(siblings)
}

/// The proof that the log of `older` leaves is a beginning of this one (RFC 6962 §2.1.2);
/// `None` when `older` is zero or larger than the log.
#[must_use]
pub fn consistency_proof(leaves: &[Hash], older: usize) -> Option<Vec<Hash>> {
    if older == 0 || older > leaves.len() {
        return None;
    }
    let mut hashes = Vec::new();
    let (mut part, mut older, mut whole) = (leaves, older, true);
    while older < part.len() {
        let (left, right) = halves(part);
        if older <= left.len() {
            hashes.push(root(right));
            part = left;
        } else {
            hashes.push(root(left));
            older = older.checked_sub(left.len())?;
            part = right;
            whole = false;
        }
    }
    if !whole {
        hashes.push(root(part));
    }
    hashes.reverse();
    Some(hashes)
}

/// Checks an inclusion proof (RFC 9162 §2.1.3.2).
///
/// # Errors
/// Names whether the index, the length or the root is wrong.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    expected: &Hash,
) -> Result<(), ProofError> {
    let mut last = size.checked_sub(1).ok_or(ProofError::OutOfRange)?;
    if index > last {
        return Err(ProofError::OutOfRange);
    }
    let mut node = index;
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = Hash::of_node(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::of_node(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, hash == *expected) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks a consistency proof (RFC 9162 §2.1.4.2).
///
/// # Errors
/// Names whether the sizes, the length or one of the roots is wrong.
pub fn verify_consistency(
    older: (u64, &Hash),
    newer: (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    let ((older_size, older_root), (newer_size, newer_root)) = (older, newer);
    if older_size == 0 || older_size > newer_size {
        return Err(ProofError::OutOfRange);
    }
    if older_size == newer_size {
        return match (proof.is_empty(), older_root == newer_root) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            (false, _) => Err(ProofError::Length),
        };
    }
    let mut hashes = proof.iter();
    let start = if older_size.is_power_of_two() {
        *older_root
    } else {
        *hashes.next().ok_or(ProofError::Length)?
    };
    let mut node = older_size.saturating_sub(1);
    let mut last = newer_size.saturating_sub(1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut older_hash, mut newer_hash) = (start, start);
    for hash in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            older_hash = Hash::of_node(hash, &older_hash);
            newer_hash = Hash::of_node(hash, &newer_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            newer_hash = Hash::of_node(&newer_hash, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, older_hash == *older_root && newer_hash == *newer_root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Where a node stands: level 0 are the leaves, and node `i` of a level is made of the nodes `2i`
/// and `2i + 1` of the level below. A last node without a sibling moves up unchanged, which gives
/// the tree of RFC 6962.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The level, from 0.
    pub level: u32,
    /// The number in that level, from 0.
    pub index: u64,
}

/// The nodes that, together with the leaves at `wanted`, lead to the root: one inclusion proof for
/// many leaves, each shared node once, made in one pass. `None` when there is no such leaf.
#[must_use]
pub fn joint_proof(leaves: &[Hash], wanted: &BTreeSet<u64>) -> Option<BTreeMap<Place, Hash>> {
    let size = u64::try_from(leaves.len()).ok()?;
    if wanted.last().is_some_and(|last| *last >= size) {
        return None;
    }
    let mut nodes = BTreeMap::new();
    let (mut row, mut known, mut level) = (leaves.to_vec(), wanted.clone(), 0_u32);
    while row.len() > 1 {
        for index in known.iter().map(|index| index ^ 1) {
            let node = usize::try_from(index).ok().and_then(|place| row.get(place));
            if let (Some(node), false) = (node, known.contains(&index)) {
                nodes.insert(Place { level, index }, *node);
            }
        }
        known = known.iter().map(|index| index >> 1).collect();
        row = row
            .chunks(2)
            .filter_map(|pair| match pair {
                [left, right] => Some(Hash::of_node(left, right)),
                [lone] => Some(*lone),
                _ => None,
            })
            .collect();
        level = level.saturating_add(1);
    }
    Some(nodes)
}

/// Checks a joint inclusion proof: that all `leaves`, by their index, are in the tree of `size`
/// leaves under this root, and that no node is given that is not needed.
///
/// # Errors
/// Names whether an index, the set of nodes or the root is wrong.
pub fn verify_joint(
    size: u64,
    leaves: &BTreeMap<u64, Hash>,
    nodes: &BTreeMap<Place, Hash>,
    expected: &Hash,
) -> Result<(), ProofError> {
    if leaves.is_empty() || leaves.keys().any(|index| *index >= size) {
        return Err(ProofError::OutOfRange);
    }
    let (mut row, mut width, mut level, mut used) = (leaves.clone(), size, 0_u32, 0_usize);
    while width > 1 {
        let mut above = BTreeMap::new();
        for (index, hash) in &row {
            let sibling = index ^ 1;
            let own = row.get(&sibling);
            let given = nodes.get(&Place { level, index: sibling }).filter(|_| own.is_none());
            used = used.saturating_add(usize::from(given.is_some()));
            let parent = match (own.or(given), sibling < width, index & 1 == 0) {
                (Some(right), true, true) => Hash::of_node(hash, right),
                (Some(left), true, false) => Hash::of_node(left, hash),
                (None, false, _) => *hash,
                _ => return Err(ProofError::Length),
            };
            above.insert(index >> 1, parent);
        }
        row = above;
        width = width.div_ceil(2);
        level = level.saturating_add(1);
    }
    match (used == nodes.len(), row.get(&0) == Some(expected)) {
        (true, true) => Ok(()),
        (true, false) => Err(ProofError::Root),
        (false, _) => Err(ProofError::Length),
    }
}

/// Splits at the largest power of two below the length, as RFC 6962 defines the tree.
fn halves(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    let middle = leaves.len().div_ceil(2).next_power_of_two();
    leaves.split_at_checked(middle).unwrap_or((leaves, &[]))
}
