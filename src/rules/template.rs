//! Templates: text that becomes an example token when tests run, so that no credential-shaped string is stored anywhere.
//!
//! [`check`] is what a pattern file is read with; [`expand`] makes the text, from a fixed seed. Where a checksum goes is
//! known to the rule's regex alone, so an expansion leaves zeros there for [`super::examples`] to fill in. Shared with
//! `build.rs`.

/// Refuses a template that cannot be expanded, and says why.
pub fn check(template: &str) -> Result<(), String> {
    pieces(template).map(|_| ())
}

/// The text of `template`: random characters drawn from `seed`, and zeros, `check_width` of them, for a checksum.
///
/// # Errors
/// What [`check`] says.
pub fn expand(template: &str, seed: u64, check_width: usize) -> Result<String, String> {
    let mut random = Random(seed);
    let mut text = String::new();
    for piece in pieces(template)? {
        match piece {
            Piece::Text(literal) => text.push_str(&literal),
            Piece::Random { alphabet, length } => text.extend((0..length).map(|_| random.pick(&alphabet))),
            Piece::Uuid => text.push_str(&random.uuid()),
            Piece::Checksum => text.extend(std::iter::repeat_n('0', check_width)),
        }
    }
    Ok(text)
}

enum Piece {
    Text(String),
    Random { alphabet: Vec<char>, length: usize },
    Uuid,
    Checksum,
}

/// Longest random run and repetition, in characters.
const LONGEST: usize = 20_000;

fn pieces(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err("a lone `}`; write `}}` for the character".to_owned());
        }
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        rest = expression(rest, &mut pieces)?;
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// Reads `term + term }` and gives what stands behind it.
fn expression<'t>(mut rest: &'t str, pieces: &mut Vec<Piece>) -> Result<&'t str, String> {
    loop {
        rest = rest.trim_start();
        let (piece, after) = term(rest)?;
        pieces.push(piece);
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        rest =
            rest.strip_prefix('+').ok_or("terms are joined by `+` and closed by `}`; write `{{` for the character")?;
    }
}

fn term(text: &str) -> Result<(Piece, &str), String> {
    if text.starts_with('\'') {
        let (literal, rest) = quoted(text)?;
        return Ok((Piece::Text(literal), rest));
    }
    let end = text.find(|c: char| c == '+' || c == '}' || c == '(' || c.is_whitespace()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if let Some(arguments) = rest.strip_prefix('(') {
        return function(word, arguments);
    }
    match word {
        "" => Err("an empty term".to_owned()),
        "checksum" => Ok((Piece::Checksum, rest)),
        literal => Ok((Piece::Text(literal.to_owned()), rest)),
    }
}

fn quoted(text: &str) -> Result<(String, &str), String> {
    let inner = &text[1..];
    let end = inner.find('\'').ok_or("a quote that is not closed")?;
    Ok((inner[..end].to_owned(), &inner[end + 1..]))
}

fn function<'t>(name: &str, text: &'t str) -> Result<(Piece, &'t str), String> {
    let (arguments, rest) = arguments(text)?;
    let alphabet = match name {
        "base62" => "0-9A-Za-z",
        "base36" => "0-9a-z",
        "base32" => "A-Z2-7",
        "hex" => "0-9a-f",
        "HEX" => "0-9A-F",
        "digits" => "0-9",
        "lower" => "a-z",
        "upper" => "A-Z",
        "base64" => "A-Za-z0-9+/",
        "base64url" => "A-Za-z0-9_-",
        _ => return special(name, &arguments).map(|piece| (piece, rest)),
    };
    let [length] = arguments.as_slice() else { return Err(format!("`{name}` takes a length")) };
    Ok((Piece::Random { alphabet: alphabet_of(alphabet), length: length_of(length)? }, rest))
}

fn special(name: &str, arguments: &[String]) -> Result<Piece, String> {
    match (name, arguments) {
        ("chars", [alphabet, length]) => {
            let alphabet = alphabet_of(alphabet);
            if alphabet.is_empty() {
                return Err("`chars` takes at least one character".to_owned());
            }
            Ok(Piece::Random { alphabet, length: length_of(length)? })
        }
        ("repeat", [text, times]) => Ok(Piece::Text(text.repeat(length_of(times)?))),
        ("uuid", []) => Ok(Piece::Uuid),
        ("b64", [text]) => Ok(Piece::Text(data_encoding::BASE64.encode(text.as_bytes()))),
        ("b64url", [text]) => Ok(Piece::Text(data_encoding::BASE64URL_NOPAD.encode(text.as_bytes()))),
        _ => Err(format!("`{name}` with {} arguments is not known", arguments.len())),
    }
}

/// Reads `argument, argument )`, each quoted or a bare word.
fn arguments(mut rest: &str) -> Result<(Vec<String>, &str), String> {
    let mut arguments = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(')') {
            return Ok((arguments, after));
        }
        if rest.starts_with('\'') {
            let (argument, after) = quoted(rest)?;
            arguments.push(argument);
            rest = after;
        } else {
            let end = rest.find([',', ')']).ok_or("a bracket that is not closed")?;
            arguments.push(rest[..end].trim().to_owned());
            rest = &rest[end..];
        }
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest);
        if rest.is_empty() {
            return Err("a bracket that is not closed".to_owned());
        }
    }
}

/// The characters of `a-z_`, where a hyphen between two characters stands for all between them.
fn alphabet_of(ranges: &str) -> Vec<char> {
    let chars: Vec<char> = ranges.chars().collect();
    let mut alphabet = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if let [first, '-', last, ..] = chars[at..] {
            alphabet.extend(first..=last);
            at += 3;
        } else {
            alphabet.push(chars[at]);
            at += 1;
        }
    }
    alphabet
}

fn length_of(text: &str) -> Result<usize, String> {
    let length = text.parse().ok().filter(|&length| length <= LONGEST);
    length.ok_or_else(|| format!("`{text}` is not a length up to {LONGEST}"))
}

/// `SplitMix64` (Steele, Lea, Flood 2014, <https://doi.org/10.1145/2714064.2660195>): small, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn pick(&mut self, alphabet: &[char]) -> char {
        let index = usize::try_from(self.next() >> 33).unwrap_or(0) % alphabet.len();
        alphabet[index]
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let (high, low) = ((high & !0xf000) | 0x4000, (low & !(0xc000 << 48)) | (0x8000 << 48));
        let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
        format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_and_text_are_joined() {
        let text = expand("K={pre_ + digits(4) + checksum + ' + '}{{x}}", 1, 3).unwrap();
        let (digits, rest) = text.strip_prefix("K=pre_").unwrap().split_at(4);
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        assert_eq!(rest, "000 + {x}");
    }

    #[test]
    fn the_same_seed_gives_the_same_text() {
        let expand = |seed| expand("{base62(40)}{uuid()}", seed, 0).unwrap();
        assert_eq!(expand(7), expand(7));
        assert_ne!(expand(7), expand(8));
    }

    #[test]
    fn functions_draw_from_their_alphabets() {
        assert_eq!(expand("{repeat(x, 3)}{b64('hi')}{b64url('hi')}", 0, 0).unwrap(), "xxxaGk=aGk");
        assert_eq!(expand("{chars('a-a', 5)}", 0, 0).unwrap(), "aaaaa");
        assert!(expand("{chars('ab_-', 50)}", 3, 0).unwrap().contains('-'));
    }

    #[test]
    fn mistakes_are_said() {
        for (template, part) in
            [("}", "lone"), ("{hex(}", "not closed"), ("{hex(x)}", "length"), ("{what(1)}", "`what`"), ("{a b}", "`+`")]
        {
            let problem = check(template).unwrap_err();
            assert!(problem.contains(part), "{template}: {problem}");
        }
    }
}
