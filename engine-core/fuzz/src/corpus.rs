//! The kept inputs of a target: the files of `corpus/<target>/`, in the order of their names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the corpus of a target is kept.
#[must_use]
pub fn directory(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The kept inputs of a target, with the names of their files.
///
/// # Errors
/// If the directory is missing or cannot be read.
pub fn load(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(directory(target))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            inputs.push((name, fs::read(entry.path())?));
        }
    }
    inputs.sort();
    Ok(inputs)
}

/// Keeps an input under a name that follows from its bytes.
///
/// # Errors
/// If it cannot be written.
pub fn keep(directory: &Path, input: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = directory.join(format!("{hash:016x}"));
    fs::write(&path, input)?;
    Ok(path)
}
