//! Sets of small numbers, as bits: filled in any order, read in theirs, without a branch that depends on chance.

/// A set of numbers.
#[derive(Debug, Default, Clone)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Forgets all, and makes room for numbers up to `last`.
    pub fn clear(&mut self, last: usize) {
        self.words.clear();
        self.words.resize(last / 64 + 1, 0);
    }

    /// Adds a number.
    #[inline]
    pub fn insert(&mut self, number: usize) {
        self.words[number / 64] |= 1 << (number % 64);
    }

    /// The members, smallest first.
    #[inline]
    #[must_use]
    pub fn iter(&self) -> Members<'_> {
        Members { words: &self.words, next: 0, left: 0 }
    }
}

/// The members of a set, smallest first.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    words: &'a [u64],
    /// The word after that of which bits are left.
    next: usize,
    left: u64,
}

impl Iterator for Members<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.left == 0 {
            self.left = *self.words.get(self.next)?;
            self.next += 1;
        }
        let bit = self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some((self.next - 1) * 64 + bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_their_order_once() {
        let mut bits = Bits::default();
        for last in [200, 63, 64] {
            bits.clear(last);
            assert_eq!(bits.iter().count(), 0);
            for number in [last, 0, 63, 7, 7] {
                bits.insert(number);
            }
            let mut members = vec![0, 7, 63, last];
            members.dedup();
            assert_eq!(bits.iter().collect::<Vec<_>>(), members);
        }
    }
}
