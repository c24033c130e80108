//! The Merkle tree: the vectors of RFC 6962 implementations, and every proof of every small tree.

use std::collections::{BTreeMap, BTreeSet};

use chorda::ledger::Hash;
use chorda::ledger::tree::{
    Frontier, Place, ProofError, consistency_proof, inclusion_proof, joint_proof, root,
    verify_consistency, verify_inclusion, verify_joint,
};
use proptest::prelude::*;

/// The eight entries that certificate transparency implementations test with.
fn entries() -> Vec<Vec<u8>> {
    [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    .iter()
    .map(|digits| chorda::ledger::hash::unhex(digits).unwrap())
    .collect()
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|number| Hash::of_leaf(&number.to_be_bytes())).collect()
}

#[test]
fn roots_are_those_of_the_reference_vectors() {
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let hashes: Vec<_> = entries().iter().map(|entry| Hash::of_leaf(entry)).collect();
    let mut frontier = Frontier::empty();
    for (size, expected) in roots.iter().enumerate() {
        assert_eq!(root(&hashes[..size]).to_string(), *expected, "size {size}");
        assert_eq!(frontier.root().to_string(), *expected, "frontier of {size}");
        if let Some(leaf) = hashes.get(size) {
            frontier.push_leaf(*leaf).unwrap();
        }
    }
}

#[test]
fn the_frontier_survives_storage_at_every_size() {
    let mut frontier = Frontier::empty();
    for leaf in leaves(130) {
        frontier.push_leaf(leaf).unwrap();
        let bytes = frontier.to_bytes();
        assert_eq!(Frontier::from_bytes(frontier.size(), &bytes).unwrap(), frontier);
        assert!(Frontier::from_bytes(frontier.size() + 1, &bytes[..bytes.len() - 1]).is_err());
        assert!(Frontier::from_bytes(frontier.size(), &bytes[32..]).is_err());
    }
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_no_other() {
    for size in 1..=33_usize {
        let leaves = leaves(size);
        let top = root(&leaves);
        for index in 0..size {
            let proof = inclusion_proof(&leaves, index).unwrap();
            let check = |leaf: &Hash, index: usize, size: usize, proof: &[Hash]| {
                verify_inclusion(leaf, index as u64, size as u64, proof, &top)
            };
            assert_eq!(check(&leaves[index], index, size, &proof), Ok(()));
            let other = Hash::of_leaf(b"other");
            assert_eq!(check(&other, index, size, &proof), Err(ProofError::Root));
            assert!(check(&leaves[index], size, size, &proof).is_err());
            let mut longer = proof.clone();
            longer.push(other);
            assert!(check(&leaves[index], index, size, &longer).is_err());
            if let Some((_, shorter)) = proof.split_last() {
                assert!(check(&leaves[index], index, size, shorter).is_err());
            }
            for wrong in (0..size).filter(|wrong| *wrong != index) {
                assert!(check(&leaves[index], wrong, size, &proof).is_err());
            }
        }
        assert_eq!(inclusion_proof(&leaves, size), None);
    }
}

#[test]
fn any_set_of_leaves_has_one_joint_proof_and_nothing_else_passes() {
    for size in 1..=40_usize {
        let leaves = leaves(size);
        let top = root(&leaves);
        for pattern in [1_u64, 2, 3, 5, 0b1011_0010_0110, 0xFFFF_FFFF, 0x00F0_F0F0_F0F0, u64::MAX] {
            let wanted: BTreeSet<u64> =
                (0..size as u64).filter(|index| pattern >> (index % 64) & 1 == 1).collect();
            let nodes = joint_proof(&leaves, &wanted).unwrap();
            let proved: BTreeMap<u64, Hash> =
                wanted.iter().map(|index| (*index, leaves[*index as usize])).collect();
            let check = |proved: &_, nodes: &_| verify_joint(size as u64, proved, nodes, &top);
            if wanted.is_empty() {
                assert!(check(&proved, &nodes).is_err());
                continue;
            }
            assert_eq!(check(&proved, &nodes), Ok(()), "{size} {pattern:b}");
            let mut other = proved.clone();
            *other.values_mut().next().unwrap() = Hash::of_leaf(b"other");
            assert_eq!(check(&other, &nodes), Err(ProofError::Root));
            let mut more = nodes.clone();
            more.insert(Place { level: 60, index: 1 }, top);
            assert_eq!(check(&proved, &more), Err(ProofError::Length));
            let mut fewer = nodes.clone();
            if fewer.pop_first().is_some() {
                assert!(check(&proved, &fewer).is_err());
            }
            let mut outside = proved.clone();
            outside.insert(size as u64, top);
            assert_eq!(check(&outside, &nodes), Err(ProofError::OutOfRange));
        }
        assert_eq!(joint_proof(&leaves, &BTreeSet::from([size as u64])), None);
    }
}

#[test]
fn every_earlier_log_is_proved_to_be_a_beginning() {
    for size in 1..=33_usize {
        let leaves = leaves(size);
        let new = root(&leaves);
        for older in 1..=size {
            let old = root(&leaves[..older]);
            let proof = consistency_proof(&leaves, older).unwrap();
            let check = |old: &Hash, new: &Hash, proof: &[Hash]| {
                verify_consistency((older as u64, old), (size as u64, new), proof)
            };
            assert_eq!(check(&old, &new, &proof), Ok(()), "{older} of {size}");
            let other = Hash::of_leaf(b"other");
            assert!(check(&other, &new, &proof).is_err());
            assert!(check(&old, &other, &proof).is_err());
            if let Some((_, shorter)) = proof.split_last() {
                assert!(check(&old, &new, shorter).is_err());
            }
        }
        assert_eq!(consistency_proof(&leaves, 0), None);
        assert_eq!(consistency_proof(&leaves, size + 1), None);
    }
    let old = root(&leaves(3));
    assert!(verify_consistency((0, &old), (3, &old), &[]).is_err());
    assert!(verify_consistency((4, &old), (3, &old), &[]).is_err());
}

proptest! {
    #[test]
    fn a_rewritten_leaf_is_never_consistent(
        size in 2..60_usize, older in 1..60_usize, changed in 0..60_usize,
    ) {
        let older = 1 + older % size;
        let changed = changed % older;
        let before = leaves(size);
        let mut after = before.clone();
        after[changed] = Hash::of_leaf(b"rewritten");
        let proof = consistency_proof(&after, older).unwrap();
        let outcome = verify_consistency(
            (older as u64, &root(&before[..older])),
            (size as u64, &root(&after)),
            &proof,
        );
        prop_assert!(outcome.is_err());
    }

    #[test]
    fn no_proof_makes_the_checks_panic(
        index in any::<u64>(), size in any::<u64>(), length in 0..70_usize,
    ) {
        let proof = leaves(length);
        let hash = Hash::of_leaf(b"x");
        verify_inclusion(&hash, index, size, &proof, &hash).ok();
        verify_consistency((index, &hash), (size, &hash), &proof).ok();
    }
}
