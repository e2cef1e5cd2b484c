//! All cells of a report in one list, so that a number names those it is made of by their places.

use crate::cell::Cell;
use crate::figures::Figures;
use crate::report::number::CellIndex;
use std::collections::BTreeMap;

/// The list.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    all: Vec<(usize, Cell)>,
    places: BTreeMap<(String, Cell), CellIndex>,
}

impl Cells {
    /// The cells of bundles, in their order.
    pub(super) fn of(bundles: &[Figures<'_>]) -> Self {
        let mut this = Self::default();
        for (index, figures) in bundles.iter().enumerate() {
            for (cell, _) in figures.cells() {
                this.places.insert((figures.bundle.digest.clone(), cell), this.all.len());
                this.all.push((index, cell));
            }
        }
        this
    }

    /// The place of a cell that was looked at in a bundle.
    ///
    /// # Panics
    /// If it was not.
    pub(super) fn index(&self, figures: &Figures<'_>, cell: Cell) -> CellIndex {
        self.places[&(figures.bundle.digest.clone(), cell)]
    }

    /// Each with the place of its bundle.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Cell)> {
        self.all.iter().copied()
    }
}
