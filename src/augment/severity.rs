//! How much noise: four severities, and the number of errors that each asks of an utterance.

/// A severity of noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Severity {
    /// Its name in keys: `minimal`.
    pub name: &'static str,
    /// Character error rate in percent.
    pub percent: u32,
}

/// The severities, mildest first. The rates are the guide's; measured ones lie among them: 2.3 % on phones (Palin et al. 2019),
/// 16.6 and 26 % for older people on tablet and phone (Nicolau & Jorge 2012), 36.4 % for novices of gaze typing (Bafna 2018).
pub const SEVERITIES: [Severity; 4] = [
    Severity { name: "minimal", percent: 5 },
    Severity { name: "light", percent: 15 },
    Severity { name: "moderate", percent: 25 },
    Severity { name: "severe", percent: 35 },
];

/// One number for each severity.
pub type PerSeverity = [u32; SEVERITIES.len()];

impl Severity {
    /// The grapheme Levenshtein distance asked of an utterance of `graphemes`: `max(1, floor(rate × graphemes + 0.5))`.
    #[must_use]
    pub fn target(self, graphemes: usize) -> u32 {
        let doubled = 2 * u64::from(self.percent) * graphemes as u64 + 100;
        u32::try_from((doubled / 200).max(1)).unwrap_or(u32::MAX)
    }
}

/// The targets of an utterance of `graphemes`, mildest first; they never fall.
#[must_use]
pub fn targets(graphemes: usize) -> PerSeverity {
    SEVERITIES.map(|severity| severity.target(graphemes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_round_half_up_and_are_at_least_one() {
        assert_eq!(targets(1), [1, 1, 1, 1]);
        assert_eq!(targets(10), [1, 2, 3, 4]);
        assert_eq!(targets(20), [1, 3, 5, 7]);
        assert_eq!(targets(39), [2, 6, 10, 14]);
        for graphemes in 1..2000 {
            let exact = SEVERITIES.map(|s| ((s.percent as usize * graphemes * 2 + 100) / 200).max(1) as u32);
            assert_eq!(targets(graphemes), exact);
        }
    }
}
