//! Makes what differs as short as it can be, by leaving parts of it out (delta debugging).

/// The shortest list that is found to be `still` as it was, by leaving out parts of `items`: halves
/// first, single ones at the end.
///
/// # Errors
/// As `still`.
pub(super) fn shortest<T: Clone, E>(
    items: &[T],
    mut still: impl FnMut(&[T]) -> Result<bool, E>,
) -> Result<Vec<T>, E> {
    let mut kept = items.to_vec();
    let mut size = kept.len().div_ceil(2);
    while size > 0 && !kept.is_empty() {
        let mut at = 0;
        let mut fewer = false;
        while at < kept.len() {
            let end = (at + size).min(kept.len());
            let without = [&kept[..at], &kept[end..]].concat();
            if still(&without)? {
                kept = without;
                fewer = true;
            } else {
                at = end;
            }
        }
        // What could not be left out before may be now that others are gone.
        if size == 1 && !fewer {
            break;
        }
        size = if size == 1 { 1 } else { size / 2 };
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: usize, needed: &[usize]) -> (Vec<usize>, usize) {
        let items: Vec<usize> = (0..count).collect();
        let mut tries = 0;
        let kept = shortest(&items, |items| {
            tries += 1;
            Ok::<_, ()>(needed.iter().all(|n| items.contains(n)))
        });
        (kept.unwrap(), tries)
    }

    #[test]
    fn what_is_needed_stays_and_nothing_else() {
        for needed in [&[][..], &[0], &[63], &[3, 40, 41], &[0, 1, 2, 60, 63]] {
            let (kept, tries) = found(64, needed);
            assert_eq!(kept, needed);
            assert!(tries < 150, "{tries} tries");
        }
        assert_eq!(found(0, &[]).0, [0; 0]);
        assert_eq!(found(1, &[0]).0, [0]);
    }

    #[test]
    fn what_depends_on_each_other_goes_together() {
        // 1 can go once 2 has gone.
        let still = |items: &[u8]| Ok::<_, ()>(items.contains(&2) <= items.contains(&1));
        assert_eq!(shortest(&[1, 2], still).unwrap(), [0; 0]);
    }

    #[test]
    fn an_error_ends_it() {
        assert_eq!(shortest(&[1, 2], |_| Err::<bool, _>("gone")), Err("gone"));
    }
}
