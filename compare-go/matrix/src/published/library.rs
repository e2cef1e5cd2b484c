//! The bundles that are committed, and their figures, which are computed when they are first asked
//! for.

use crate::bundle::Bundle;
use crate::bundle::error::BundleError;
use crate::cell::Workload;
use crate::figures::Figures;
use crate::published::spec::Source;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Where bundles are, from the top of the repository.
pub const RESULTS: &str = "compare-go/results";

/// All bundles of a folder, good or not.
#[derive(Debug)]
pub struct Library {
    bundles: BTreeMap<String, Result<Bundle, BundleError>>,
}

/// The figures of the bundles of a library.
#[derive(Debug)]
pub struct Backing<'l> {
    library: &'l Library,
    figures: BTreeMap<&'l str, OnceCell<Figures<'l>>>,
}

/// The names of the bundles of a folder, which need not be there, in their order. A folder without
/// a manifest is named too: it may be a bundle that lost it.
///
/// # Errors
/// If the system does not let the folder be read.
pub fn names(results: &Path) -> Result<Vec<String>, BundleError> {
    let entries = match fs::read_dir(results) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(BundleError::system(results))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(BundleError::system(results))?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

impl Library {
    /// Reads all bundles of a folder.
    ///
    /// # Errors
    /// If the system does not let the folder be read. A bundle that is refused is kept as such.
    pub fn read(results: &Path) -> Result<Self, BundleError> {
        let names = names(results)?.into_iter();
        let bundles = names.map(|name| {
            let bundle = Bundle::read(&results.join(&name));
            (name, bundle)
        });
        Ok(Self { bundles: bundles.collect() })
    }

    /// The bundles that are refused.
    pub fn refused(&self) -> impl Iterator<Item = &BundleError> {
        self.bundles.values().filter_map(|bundle| bundle.as_ref().err())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bundles.len()
    }
}

impl<'l> Backing<'l> {
    /// Nothing is computed yet.
    #[must_use]
    pub fn of(library: &'l Library) -> Self {
        let names = library.bundles.keys();
        let figures = names.map(|name| (name.as_str(), OnceCell::new())).collect();
        Self { library, figures }
    }

    /// The figures of the bundle that backs a block about a workload; none while no bundle measured
    /// it to its end, where the newest is asked for.
    ///
    /// # Errors
    /// If there is no bundle of that name, or it is refused.
    pub fn of_source(
        &self,
        source: &Source,
        workload: Workload,
    ) -> Result<Option<&Figures<'l>>, String> {
        match source {
            Source::Named(name) => self.figures(name).map(Some),
            Source::Newest => {
                let good = self.library.bundles.iter().filter_map(|(name, bundle)| {
                    let bundle = bundle.as_ref().ok()?;
                    let fits = bundle.end.is_some() && bundle.plan.loads.contains_key(&workload);
                    fits.then_some((bundle.plan.extent, bundle.head.created_unix_ms, name))
                });
                good.max().map(|(.., name)| self.figures(name)).transpose()
            }
        }
    }

    /// The figures of a bundle.
    ///
    /// # Errors
    /// If there is no such bundle, or it is refused.
    pub fn figures(&self, name: &str) -> Result<&Figures<'l>, String> {
        let Some(bundle) = self.library.bundles.get(name) else {
            let known: Vec<&str> = self.library.bundles.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(format!("there is no bundle `{name}`; there are: {known}"));
        };
        let bundle = bundle.as_ref().map_err(ToString::to_string)?;
        Ok(self.figures[name].get_or_init(|| Figures::of(bundle)))
    }
}
