//! Who holds a code that several entries bear (编码归属): decided by every node for itself, with one result everywhere.
//!
//! The entry that was accepted first holds the code: the smallest object identifier among those that claim it, because
//! identifiers are minted in order of time. The rule knows nothing of the order in which claims are heard, so no node
//! waits for another and nobody keeps a lock. Who has to be told belongs to `suyuan-service`. Rows: G-6.2.1b.

use std::collections::BTreeMap;

use crate::id::ObjectId;

/// What is known of one entry's claim on a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The entry.
    pub object: ObjectId,
    /// Term and version of the entry as one number, see [`crate::record::order_number`]; what is later counts.
    pub order: u64,
    /// Whether it claims the code: it bears it, was handed in and is not over.
    pub live: bool,
}

/// All claims on one code that a node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims(BTreeMap<ObjectId, (u64, bool)>);

impl Claims {
    /// Takes in what was heard, in whatever order and however often.
    pub fn hear(&mut self, claim: Claim) {
        let known = self.0.entry(claim.object).or_insert((claim.order, claim.live));
        // Of one entry and version nothing different is ever said; should it be, “not any more” counts.
        if (claim.order, !claim.live) > (known.0, !known.1) {
            *known = (claim.order, claim.live);
        }
    }

    /// The entry that holds the code; `None` where nobody claims it.
    #[must_use]
    pub fn holder(&self) -> Option<ObjectId> {
        self.0.iter().find(|(_, (_, live))| *live).map(|(object, _)| *object)
    }

    /// Those that claim the code and do not hold it, with the entry that does.
    #[must_use]
    pub fn losers(&self) -> Vec<ObjectId> {
        self.0.iter().filter(|(_, (_, live))| *live).map(|(object, _)| *object).skip(1).collect()
    }
}

impl FromIterator<Claim> for Claims {
    fn from_iter<T: IntoIterator<Item = Claim>>(claims: T) -> Self {
        let mut all = Self::default();
        claims.into_iter().for_each(|claim| all.hear(claim));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator of its own, so that a failure repeats.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap_or(0) % bound
        }
    }

    fn object(number: u8) -> ObjectId {
        ObjectId::from_bytes([number; 16])
    }

    #[test]
    fn g_6_2_1b_all_nodes_name_the_same_holder_in_whatever_order_claims_arrive() {
        for seed in 0..500 {
            let mut dice = Dice(seed);
            // What happened: entries that claim, withdraw and claim again, each version once.
            let mut said = Vec::new();
            for number in (1..).take(2 + dice.below(6)) {
                let mut live = true;
                for order in (1..).take(1 + dice.below(4)) {
                    said.push(Claim { object: object(number), order, live });
                    live = dice.below(2) == 0;
                }
            }
            let expected: Claims = said.iter().copied().collect();
            for _ in 0..6 {
                // What a node hears: everything at least once, mixed, some of it twice.
                let mut heard = said.clone();
                heard.extend((0..dice.below(5)).map(|_| said[dice.below(said.len())]).collect::<Vec<_>>());
                for i in (1..heard.len()).rev() {
                    heard.swap(i, dice.below(i + 1));
                }
                let node: Claims = heard.into_iter().collect();
                assert_eq!(node, expected, "seed {seed}");
                assert_eq!(node.holder(), expected.holder(), "seed {seed}");
            }
        }
    }

    #[test]
    fn g_6_2_1b_the_first_accepted_entry_holds_the_code_until_it_lets_go() {
        let mut claims = Claims::default();
        assert_eq!(claims.holder(), None);
        claims.hear(Claim { object: object(5), order: 1, live: true });
        claims.hear(Claim { object: object(9), order: 1, live: true });
        assert_eq!((claims.holder(), claims.losers()), (Some(object(5)), vec![object(9)]));
        claims.hear(Claim { object: object(3), order: 7, live: true });
        assert_eq!((claims.holder(), claims.losers()), (Some(object(3)), vec![object(5), object(9)]));
        claims.hear(Claim { object: object(3), order: 8, live: false });
        claims.hear(Claim { object: object(3), order: 7, live: true });
        assert_eq!((claims.holder(), claims.losers()), (Some(object(5)), vec![object(9)]), "an old word is not news");
    }
}
