//! Reads TOML tables key by key, and says where in the file each mistake is.
//!
//! Every key is asked for by name; a key that nobody asked for is an error that names the nearest known one. Mistakes are
//! collected, so that one run shows them all. What the values mean is for the callers: pattern files here, the
//! configuration further up. Shared with `build.rs`, so it uses the standard library, `toml` and `strsim` alone.

use std::{cell::RefCell, collections::BTreeSet, fmt, ops::Range};

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

/// A mistake in a file: what, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for Problem {}

/// A file's text, and the mistakes found in it so far.
#[derive(Debug)]
pub struct Document<'s> {
    name: &'s str,
    text: &'s str,
    problems: RefCell<Vec<Problem>>,
}

impl<'s> Document<'s> {
    /// The text of the file that the user calls `name`.
    pub fn new(name: &'s str, text: &'s str) -> Self {
        Self { name, text, problems: RefCell::default() }
    }

    /// Its top table; nothing where the text is not TOML, which is then noted as a problem.
    pub fn parse(&self) -> Option<Table<'_, 's>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(Table::new(self, table.span(), table.into_inner())),
            Err(error) => {
                self.problem(error.span().unwrap_or(0..0), error.message());
                None
            }
        }
    }

    /// Notes a mistake at these bytes of the text.
    pub fn problem(&self, at: Range<usize>, message: impl Into<String>) {
        let before = &self.text[..at.start.min(self.text.len())];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        self.problems.borrow_mut().push(Problem {
            file: self.name.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        });
    }

    /// All mistakes, in the order of the file.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems
    }
}

/// A table being read; each key is taken out once.
#[derive(Debug)]
pub struct Table<'d, 's> {
    document: &'d Document<'s>,
    span: Range<usize>,
    entries: Vec<(Spanned<DeString<'s>>, Spanned<DeValue<'s>>)>,
    known: BTreeSet<&'static str>,
}

/// A value and the bytes of the file that it was read from.
#[derive(Clone, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands in the file.
    pub span: Range<usize>,
}

impl<'d, 's> Table<'d, 's> {
    fn new(document: &'d Document<'s>, span: Range<usize>, table: DeTable<'s>) -> Self {
        Self { document, span, entries: table.into_iter().collect(), known: BTreeSet::new() }
    }

    /// Where the table stands in the file.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The line in which it begins, from 1.
    pub fn line(&self) -> usize {
        self.document.text[..self.span.start.min(self.document.text.len())].matches('\n').count() + 1
    }

    /// Notes a mistake at these bytes of the file.
    pub fn problem(&self, at: Range<usize>, message: impl Into<String>) {
        self.document.problem(at, message);
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'s>>> {
        self.known.insert(key);
        let at = self.entries.iter().position(|(name, _)| name.get_ref() == key)?;
        Some(self.entries.swap_remove(at).1)
    }

    fn mistyped(&self, key: &str, value: &Spanned<DeValue<'s>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.problem(value.span(), format!("`{key}` takes {wanted}, not {found}"));
    }

    /// A string, where there is one.
    pub fn string(&mut self, key: &'static str) -> Option<Located<String>> {
        let value = self.take(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.mistyped(key, &value, "a string");
            return None;
        };
        Some(Located { value: text.to_owned(), span: value.span() })
    }

    /// A string that has to be there; its absence is noted.
    pub fn required(&mut self, key: &'static str) -> Option<Located<String>> {
        if !self.has(key) {
            self.known.insert(key);
            self.problem(self.span.clone(), format!("`{key}` is missing"));
            return None;
        }
        self.string(key)
    }

    /// One of a few named values.
    pub fn choice<T>(&mut self, key: &'static str, all: &[T], name: impl Fn(&T) -> &'static str) -> Option<Located<T>>
    where
        T: Copy,
    {
        let text = self.string(key)?;
        if let Some(&value) = all.iter().find(|value| name(value) == text.value) {
            return Some(Located { value, span: text.span });
        }
        let names: Vec<&str> = all.iter().map(name).collect();
        let message = format!("`{key}` is one of {}, not `{}`", names.join(", "), text.value);
        self.problem(text.span, message);
        None
    }

    /// A list of strings; empty where there is none.
    pub fn strings(&mut self, key: &'static str) -> Vec<Located<String>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.mistyped(key, &value, "a list of strings");
            return Vec::new();
        };
        let mut strings = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(text) => strings.push(Located { value: text.to_owned(), span: item.span() }),
                None => self.mistyped(key, item, "a list of strings"),
            }
        }
        strings
    }

    /// A table of strings by freely chosen names; empty where there is none.
    pub fn string_pairs(&mut self, key: &'static str) -> Vec<(String, Located<String>)> {
        let Some(inner) = self.table(key) else { return Vec::new() };
        let mut pairs = Vec::new();
        for (name, value) in &inner.entries {
            match value.get_ref().as_str() {
                Some(text) => {
                    let value = Located { value: text.to_owned(), span: value.span() };
                    pairs.push((name.get_ref().to_string(), value));
                }
                None => self.mistyped(key, value, "a table of strings"),
            }
        }
        pairs
    }

    /// A whole number from `range`, or a list of them; empty where there is none.
    pub fn integers(&mut self, key: &'static str, range: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let items = value.get_ref().as_array().map_or_else(|| vec![&value], |array| array.iter().collect());
        let mut numbers = Vec::new();
        for item in items {
            match whole(item).filter(|number| range.contains(number)) {
                Some(number) => numbers.push(number),
                None => {
                    self.mistyped(key, item, &format!("whole numbers from {} to {}", range.start(), range.end()));
                }
            }
        }
        numbers
    }

    /// Whether there is this key.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name.get_ref() == key)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.mistyped(key, &value, "true or false");
        }
        found
    }

    /// A whole number from `range`.
    pub fn integer(&mut self, key: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let value = self.take(key)?;
        let number = whole(&value).filter(|number| range.contains(number));
        if number.is_none() {
            self.mistyped(key, &value, &format!("a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// A day: year, month and day.
    pub fn date(&mut self, key: &'static str) -> Option<Located<(u16, u8, u8)>> {
        let value = self.take(key)?;
        let date = value.get_ref().as_datetime().filter(|at| at.time.is_none() && at.offset.is_none());
        let Some(date) = date.and_then(|at| at.date) else {
            self.mistyped(key, &value, "a date such as 2026-12-31");
            return None;
        };
        Some(Located { value: (date.year, date.month, date.day), span: value.span() })
    }

    /// A number from 0 to `most`.
    pub fn number(&mut self, key: &'static str, most: f32) -> Option<f32> {
        let value = self.take(key)?;
        let text = match value.get_ref() {
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            _ => "",
        };
        let number = text.parse().ok().filter(|number| (0.0..=most).contains(number));
        if number.is_none() {
            self.mistyped(key, &value, &format!("a number from 0 to {most}"));
        }
        number
    }

    /// A table, where there is one.
    pub fn table(&mut self, key: &'static str) -> Option<Self> {
        let value = self.take(key)?;
        self.as_table(key, value)
    }

    /// A list of tables, or a table that stands for a list of one; empty where there is none.
    pub fn tables(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(array) => array.into_iter().filter_map(|item| self.as_table(key, item)).collect(),
            table @ DeValue::Table(_) => self.as_table(key, Spanned::new(span, table)).into_iter().collect(),
            other => {
                self.mistyped(key, &Spanned::new(span, other), "a list of tables");
                Vec::new()
            }
        }
    }

    /// A list of strings and tables; empty where there is none.
    pub fn strings_and_tables(&mut self, key: &'static str) -> Vec<Result<String, Self>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.mistyped(key, &value, "a list");
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => all.push(Ok(text.to_string())),
                DeValue::Table(table) => all.push(Err(Self::new(self.document, item.span(), table.clone()))),
                _ => self.mistyped(key, item, "a list of strings and tables"),
            }
        }
        all
    }

    /// A table of tables by freely chosen names, such as `[playbook.NAME]`.
    pub fn named_tables(&mut self, key: &'static str) -> Vec<(Located<String>, Self)> {
        let Some(mut outer) = self.table(key) else { return Vec::new() };
        let mut named = Vec::new();
        for (name, value) in std::mem::take(&mut outer.entries) {
            let name = Located { span: name.span(), value: name.into_inner().into_owned() };
            if let Some(table) = outer.as_table(key, value) {
                named.push((name, table));
            }
        }
        named
    }

    fn as_table(&self, key: &str, value: Spanned<DeValue<'s>>) -> Option<Self> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Self::new(self.document, span, table)),
            other => {
                self.mistyped(key, &Spanned::new(span, other), "a table");
                None
            }
        }
    }

    /// Ends the reading: whatever is left was not known, and is noted with the nearest known key.
    pub fn finish(self) {
        for (name, _) in &self.entries {
            let unknown = name.get_ref();
            let nearest = nearest(unknown, self.known.iter().copied());
            let hint = nearest.map_or(String::new(), |key| format!("; did you mean `{key}`?"));
            self.problem(name.span(), format!("unknown key `{unknown}`{hint}"));
        }
    }
}

fn whole(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    value.get_ref().as_integer().and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok())
}

/// The known word most like `word`, if one is like it.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let scored = known.map(|key| (strsim::jaro_winkler(word, key), key));
    scored.filter(|(score, _)| *score > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str, read: impl Fn(&mut Table<'_, '_>)) -> Vec<String> {
        let document = Document::new("f.toml", text);
        if let Some(mut table) = document.parse() {
            read(&mut table);
            table.finish();
        }
        document.into_problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let found = problems("regex = 'a'\nkeyword = []\n", |table| {
            table.string("regex");
            table.strings("keywords");
        });
        assert_eq!(found, ["f.toml:2:1: unknown key `keyword`; did you mean `keywords`?"]);
    }

    #[test]
    fn every_mistake_is_placed() {
        let found = problems("a = 1\nb = 'x'\n\n[c]\n", |table| {
            table.string("a");
            table.integer("b", 0..=9);
            table.boolean("c");
            table.required("d");
        });
        assert_eq!(
            found,
            [
                "f.toml:1:1: `d` is missing",
                "f.toml:1:5: `a` takes a string, not integer",
                "f.toml:2:5: `b` takes a whole number from 0 to 9, not string",
                "f.toml:4:1: `c` takes true or false, not table",
            ]
        );
    }

    #[test]
    fn what_is_not_toml_is_placed() {
        assert!(problems("a = \n", |_| {})[0].starts_with("f.toml:1:5: "));
    }
}
