//! From a bundle to figures: one number for each run and metric, then what all rounds of a cell say
//! together. Whatever is published, compared or decided on is taken from here.

pub mod capacity;
pub mod effects;
pub mod metric;
pub mod ranking;
pub mod run;
pub mod table;
pub mod work;

pub use metric::{Metric, Unit};
pub use ranking::{Ranked, Ranking};
pub use run::RunFigures;
pub use table::{CellFigures, Excluded, Figures, Summary};
