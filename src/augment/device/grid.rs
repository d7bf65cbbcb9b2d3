//! A scanned grid: rows of cells, each one selection.

use std::collections::BTreeMap;

use super::board::{capital, only};
use crate::language::Grid;

/// The cells of a grid, by row and column; `None` where a cell gives nothing that errors may bring.
#[derive(Debug)]
pub struct Cells {
    rows: Vec<Vec<Option<char>>>,
    places: BTreeMap<char, (usize, usize)>,
}

impl Cells {
    /// The cells of `grid`. Letters outside `alphabet` are never given.
    #[must_use]
    pub fn new(grid: &Grid, alphabet: &[String]) -> Self {
        let letters: Vec<char> = alphabet.iter().filter_map(|letter| only(letter)).collect();
        let cell = |text: &String| match text.as_str() {
            "space" => Some(' '),
            text => only(text).filter(|char| !char.is_alphabetic() || letters.contains(char)),
        };
        let rows: Vec<Vec<_>> = grid.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let mut places = BTreeMap::new();
        for (row, r) in rows.iter().zip(0..) {
            for (cell, c) in row.iter().zip(0..) {
                if let Some(char) = cell {
                    places.entry(*char).or_insert((r, c));
                }
            }
        }
        Self { rows, places }
    }

    /// The cells, row by row.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Option<char>>] {
        &self.rows
    }

    /// The characters of the grid, and the capitals of its letters.
    #[must_use]
    pub fn characters(&self) -> Vec<char> {
        self.places.keys().flat_map(|char| std::iter::once(*char).chain(capital(*char))).collect()
    }

    /// Row and column of a character; a capital is where its small letter is.
    #[must_use]
    pub fn place(&self, char: char) -> Option<(usize, usize)> {
        self.places.get(&char).or_else(|| self.places.get(&char.to_lowercase().next()?)).copied()
    }

    /// The cell `by` rows further on, in the same column or the last of a shorter row; the scan begins again after the last row.
    #[must_use]
    pub fn row_on(&self, (row, column): (usize, usize), by: isize) -> Option<char> {
        let row = &self.rows[(row as isize + by).rem_euclid(self.rows.len() as isize) as usize];
        row[column.min(row.len() - 1)]
    }

    /// The cell `by` cells further on in its row; the scan of the row begins again after its last cell.
    #[must_use]
    pub fn cell_on(&self, (row, column): (usize, usize), by: isize) -> Option<char> {
        let row = &self.rows[row];
        row[(column as isize + by).rem_euclid(row.len() as isize) as usize]
    }
}
