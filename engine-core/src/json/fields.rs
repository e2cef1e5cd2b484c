//! The fields of one kind of object, declared once: names, order, and which of them must be there.

/// The fields of one kind of object; made by [`fields!`](fields).
pub trait Field: Copy + 'static {
    /// Every field, at most 32, in the order of the documentation.
    const ALL: &'static [FieldInfo<Self>];
}

/// One field of an object.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo<F> {
    /// Which.
    pub field: F,
    /// Its key.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

/// Declares the fields of one kind of object: those that must be there, then those that may.
///
/// ```
/// use engine_core::json::{Reader, fields};
/// use engine_core::arena::Global;
///
/// fields! {
///     enum PlaceField { X = "x", Y = "y" } optional { Z = "z" }
/// }
/// let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
/// let mut reader = Reader::new(br#"{"y": 2, "x": 1}"#, Global);
/// reader.object(|r, field| {
///     match field {
///         PlaceField::X => x = r.f64(|v| v < 10.0)?,
///         PlaceField::Y => y = r.f64(|v| v < 10.0)?,
///         PlaceField::Z => z = r.f64(|v| v < 10.0)?,
///     }
///     Ok(())
/// })?;
/// reader.end()?;
/// assert_eq!((x, y, z), (1.0, 2.0, 0.0));
/// # Ok::<(), Box<engine_core::error::JsonFault>>(())
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! json_fields {
    (
        $(#[$doc:meta])*
        $vis:vis enum $fields:ident { $($must:ident = $must_name:literal),* $(,)? }
        $(optional { $($may:ident = $may_name:literal),* $(,)? })?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $fields { $($must,)* $($($may,)*)? }

        impl $crate::json::Field for $fields {
            const ALL: &'static [$crate::json::FieldInfo<Self>] = &[
                $($crate::json::FieldInfo {
                    field: Self::$must, name: $must_name, required: true,
                },)*
                $($($crate::json::FieldInfo {
                    field: Self::$may, name: $may_name, required: false,
                },)*)?
            ];
        }
    };
}
#[doc(inline)]
pub use crate::json_fields as fields;
