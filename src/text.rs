//! Strings, lists and larger things that lie in the program, or were read from a file.

use std::{borrow::Cow, ops::Deref, sync::Arc};

/// A string that is embedded in the program or was read from a file.
pub type Text = Cow<'static, str>;

/// A list that is embedded in the program or was read from a file.
pub type List<T> = Cow<'static, [T]>;

/// Something large that is embedded in the program, or was read from a file and is shared by those who name it.
#[derive(Clone, Debug)]
pub enum Shared<T: 'static> {
    /// In the program.
    Embedded(&'static T),
    /// Out of a file.
    Read(Arc<T>),
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Embedded(embedded) => embedded,
            Self::Read(read) => read,
        }
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
