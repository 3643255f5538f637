//! Strings and lists that lie in the program, or were read from a file.

use std::borrow::Cow;

/// A string that is embedded in the program or was read from a file.
pub type Text = Cow<'static, str>;

/// A list that is embedded in the program or was read from a file.
pub type List<T> = Cow<'static, [T]>;
