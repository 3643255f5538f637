//! The dates of cookies, which have many forms (RFC 6265bis, section 5.1.1).

/// When it is, in seconds since 1970; nothing where it is no date.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let mut found = Found::default();
    let is_delimiter = |byte: &u8| matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E);
    text.split(is_delimiter).filter(|token| !token.is_empty()).for_each(|token| found.take(token));
    found.time()
}

/// The parts that were found so far.
#[derive(Default)]
struct Found {
    clock: Option<[i8; 3]>,
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
}

impl Found {
    /// Takes `token` for the first part that it can be and that is not there yet.
    fn take(&mut self, token: &[u8]) {
        if self.clock.is_none()
            && let Some(clock) = clock(token)
        {
            self.clock = Some(clock);
        } else if self.day.is_none()
            && let Some(day) = number(token, 1, 2)
        {
            self.day = i8::try_from(day).ok();
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some(year) = number(token, 2, 4)
        {
            self.year = Some(match year {
                70..=99 => year + 1900,
                0..=69 => year + 2000,
                _ => year,
            });
        }
    }

    fn time(&self) -> Option<i64> {
        let [hour, minute, second] = self.clock?;
        let year = self.year.filter(|year| *year >= 1601)?;
        let date = jiff::civil::DateTime::new(year, self.month?, self.day?, hour, minute, second, 0).ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
    }
}

/// The number that `token` begins with: of `least` to `most` digits, with no digit behind them.
fn number(token: &[u8], least: usize, most: usize) -> Option<i16> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (least..=most).contains(&digits).then(|| str::from_utf8(&token[..digits]).ok()?.parse().ok())?
}

fn month(token: &[u8]) -> Option<i8> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = token.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| month.as_bytes() == name)?;
    i8::try_from(index + 1).ok()
}

/// Hours, minutes and seconds.
fn clock(token: &[u8]) -> Option<[i8; 3]> {
    let mut parts = token.split(|&byte| byte == b':');
    let mut exact = || parts.next().filter(|part| part.len() <= 2 && part.iter().all(u8::is_ascii_digit));
    let (hour, minute) = (number(exact()?, 1, 2)?, number(exact()?, 1, 2)?);
    let second = number(parts.next()?, 1, 2)?;
    let fits = |part: i16| i8::try_from(part).ok();
    Some([fits(hour)?, fits(minute)?, fits(second)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_all_forms_are_read() {
        for text in [
            "Fri, 02 Jan 2026 03:04:05 GMT",
            "Friday, 02-Jan-26 03:04:05 GMT",
            "Fri Jan  2 03:04:05 2026",
            "2 january 2026 3:4:5",
            "03:04:05x 26 JANUARY 2026",
        ] {
            let day = if text.contains("26 JAN") { 24 * 86400 } else { 0 };
            assert_eq!(parse(text.as_bytes()), Some(1_767_323_045 + day), "{text}");
        }
        assert_eq!(parse(b"Thu, 01-Jan-1970 00:00:00 GMT"), Some(0));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "never", "31 Feb 2026 00:00:00", "1 Jan 1600 00:00:00", "1 Jan 2026", "1 Jan 2026 24:00:00", "0"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
