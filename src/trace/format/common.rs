//! Common and Combined Log Format of web servers, as nginx writes it, too.
//!
//! `host ident user [time] "request" status bytes`, and `"referer" "agent"` in the combined one:
//! <https://httpd.apache.org/docs/2.4/logs.html>, <https://nginx.org/en/docs/http/ngx_http_log_module.html>. What stands behind the
//! agent is a list of `X-Forwarded-For` where it is one, as in nginx' packaged `main` format. Both servers escape quotes and control characters in
//! values, so no value ends its own quotes or its line.

use super::{
    super::{
        event::Format,
        time::{self, Zone},
    },
    Said, field,
};

pub(super) fn read(line: &str, cut: bool, zone: &Zone) -> Option<(Format, Said)> {
    // Who logs in may be called anything, so the time is what stands in brackets last before the request.
    let (before, rest) = line.split_once("] \"")?;
    let open = before.rfind(" [")?;
    let mut head = line[..open].split(' ').filter(|word| !word.is_empty()).peekable();
    let mut address = field::ip(head.next()?);
    // With `%v` before it, the address is the second word.
    if address.is_none()
        && let Some(second) = head.next_if(|word| field::ip(word).is_some())
    {
        address = field::ip(second);
    }
    let (_ident, user): (_, Vec<&str>) = (head.next()?, head.collect());
    // Without an address in its place, more words than a host and a login are another line's beginning.
    if address.is_none() && user.len() > 1 {
        return None;
    }
    let (user, at) = (user.join(" "), time::parse(&before[open + 2..], zone));
    if user.is_empty() || (at.is_none() && address.is_none()) {
        return None;
    }
    let mut said = Said { at, address, principal: (user != "-").then_some(user), ..Said::default() };
    let Some((request, rest)) = quoted(rest) else {
        said.action = request(rest).filter(|_| cut)?;
        return Some((Format::Combined, said));
    };
    said.action = self::request(request).unwrap_or_default();
    let mut words = rest.trim_start().splitn(3, ' ');
    said.status = words.next()?.parse().ok();
    said.outcome = field::outcome(Some(said.status?));
    said.bytes = words.next().and_then(|bytes| bytes.parse().ok());
    let Some((_referer, rest)) = words.next().and_then(next_quoted) else {
        return Some((Format::Common, said));
    };
    if let Some((agent, rest)) = next_quoted(rest) {
        said.agent = (agent != "-").then(|| agent.to_owned());
        said.forwarded = next_quoted(rest).map(|(chain, _)| field::chain(chain)).unwrap_or_default();
    }
    Some((Format::Combined, said))
}

/// Method and path of a request line; what is none is taken as it is, as what was sent may be no HTTP.
fn request(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next());
    Some(target.map_or_else(|| method.to_owned(), |target| field::action(method, target)))
}

/// What stands before the quote that no backslash escapes, and what stands behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn next_quoted(text: &str) -> Option<(&str, &str)> {
    quoted(text.trim_start().strip_prefix('"')?)
}
