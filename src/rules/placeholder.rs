//! The places to fill in of a request: `${NAME}`, or `${NAME|FILTER|…}`. A `$` without a brace behind it is itself.
//!
//! What stands for a name is [`crate::ask`]'s to say. Shared with `build.rs`.

use std::borrow::Cow;

/// A stretch of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// As it stands.
    Text(&'t str),
    /// To be filled in.
    Value {
        /// What with.
        name: &'t str,
        /// Changed by these, one after the other.
        filters: Vec<Filter>,
    },
}

/// What changes a value before it is put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// As Base64 with padding.
    Base64,
    /// As Base64 for addresses, without padding.
    Base64Url,
    /// As hexadecimal digits in lower case.
    Hex,
    /// Its SHA-256, as hexadecimal digits.
    Sha256,
    /// In lower case.
    Lower,
    /// A time, in milliseconds rather than seconds.
    Ms,
    /// A time, as RFC 3339 writes it.
    Iso,
    /// A time, as its date.
    Date,
    /// A time, as HTTP writes it (RFC 9110, section 5.6.7).
    Http,
}

impl Filter {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::Sha256,
        Self::Lower,
        Self::Ms,
        Self::Iso,
        Self::Date,
        Self::Http,
    ];

    /// Its name in templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Hex => "hex",
            Self::Sha256 => "sha256",
            Self::Lower => "lower",
            Self::Ms => "ms",
            Self::Iso => "iso",
            Self::Date => "date",
            Self::Http => "http",
        }
    }
}

/// The pieces of `template`, in order.
///
/// # Errors
/// Where a brace is not closed, or a name or filter is none, in words.
pub fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        let inner = &rest[at + 2..];
        let end = inner.find('}').ok_or("`${` is not closed")?;
        pieces.push(value(&inner[..end])?);
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

fn value(inner: &str) -> Result<Piece<'_>, String> {
    let mut parts = inner.split('|');
    let name = parts.next().unwrap_or("");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!("`${{{inner}}}` names nothing"));
    }
    let filter = |name: &str| {
        let found = Filter::ALL.into_iter().find(|filter| filter.name() == name);
        found.ok_or_else(|| format!("there is no filter `{name}`"))
    };
    Ok(Piece::Value { name, filters: parts.map(filter).collect::<Result<_, _>>()? })
}

/// A text of a playbook with what `value` gives for its names and filters; a name for which it gives nothing stands there in capitals.
pub fn filled(text: &str, value: &dyn Fn(&str, &[Filter]) -> Option<String>) -> String {
    let Ok(pieces) = pieces(text) else { return text.to_owned() };
    let written = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => Cow::Borrowed(text),
        Piece::Value { name, filters } => {
            Cow::Owned(value(name, &filters).unwrap_or_else(|| name.to_ascii_uppercase()))
        }
    });
    written.collect()
}

/// The same where nothing is known.
pub fn unfilled(text: &str) -> String {
    filled(text, &|_, _| None)
}

/// Where a request goes, as far as its template says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host<'t> {
    /// This host, and this port where one is named.
    Literal(&'t str),
    /// A host under this suffix, which begins with a dot: what stands before it is one label, taken from what was found.
    Under(&'t str),
    /// A host taken from what was found.
    Found,
}

/// The host of the address template `url`, in which regions are filled in already, and which begins with `scheme`.
///
/// # Errors
/// Where it begins otherwise, or its host is of none of the three forms.
pub fn host<'t>(scheme: &str, url: &'t str) -> Result<Host<'t>, String> {
    let rest = url.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let rest = rest.ok_or_else(|| format!("an address begins with `{scheme}://`"))?;
    // A `}` may stand before the path, but nothing that ends a host may stand in a placeholder.
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    match pieces(host)?.as_slice() {
        [Piece::Text(literal)] if !literal.contains('@') => Ok(Host::Literal(literal)),
        [Piece::Value { .. }] => Ok(Host::Found),
        [Piece::Value { .. }, Piece::Text(suffix)] if suffix.starts_with('.') && suffix[1..].contains('.') => {
            Ok(Host::Under(suffix))
        }
        _ => {
            Err("a host is literal, one found label before a literal suffix of two labels or more, or found as a whole"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_cut_at_their_braces() {
        let value = |name, filters: &[Filter]| Piece::Value { name, filters: filters.to_vec() };
        assert_eq!(
            pieces("a$b${secret}{${time|iso|lower}").unwrap(),
            [Piece::Text("a$b"), value("secret", &[]), Piece::Text("{"), value("time", &[Filter::Iso, Filter::Lower])]
        );
        for wrong in ["${", "${}", "${a b}", "${a|b64}"] {
            assert!(pieces(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_without_a_value_stands_in_capitals() {
        let value = |name: &str, filters: &[Filter]| (name == "since").then(|| format!("then{}", filters.len()));
        assert_eq!(filled("--key ${id} --from ${since|date} $X ${", &value), "--key ${id} --from ${since|date} $X ${");
        assert_eq!(filled("--key ${id} --from ${since|date} $X", &value), "--key ID --from then1 $X");
        assert_eq!(unfilled("${since}"), "SINCE");
    }

    #[test]
    fn hosts_are_of_three_forms() {
        let host = |url| host("https", url);
        assert_eq!(host("https://api.example.org:8443/x?y=${id}"), Ok(Host::Literal("api.example.org:8443")));
        assert_eq!(host("https://${site}.example.org/x"), Ok(Host::Under(".example.org")));
        assert_eq!(host("https://${host}"), Ok(Host::Found));
        for wrong in [
            "http://example.org/",
            "https://${a}.org/",
            "https://${a}${b}.example.org/",
            "https://api-${a}.example.org/",
            "https://user@example.org/",
        ] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }
}
