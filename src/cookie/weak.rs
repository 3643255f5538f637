//! What is weak about a cookie: what an attacker does with it, and what to set instead.
//!
//! Only cookies that carry a session are held to what sessions need; of any other, only what browsers refuse is told. How sure a weakness is, is how sure it is that the cookie is a
//! session's. The standards are RFC 6265bis, OWASP ASVS 5.0.0 and OWASP's cheat sheet on session management.

mod catalogue;

pub use self::catalogue::{ALL, Check};
use super::{Attribute, DAY, Prefix, SameSite, SetCookie, session::Role};
use crate::{
    rule::{Confidence, Severity},
    weakness::{Place, Weakness},
};

/// A session that lives longer than this is long-lived, in seconds: 30 days.
const LONG: i64 = 30 * DAY;

/// Who set a cookie, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setter<'s> {
    /// The host, in lower case and without a port.
    pub host: Option<&'s str>,
    /// Whether it was asked over TLS.
    pub encrypted: Option<bool>,
}

/// What is weak about `cookie`, which `setter` set, at `place`. Nothing where it only deletes one.
pub fn of(cookie: &SetCookie, setter: Setter<'_>, place: &Place) -> Vec<Weakness> {
    if cookie.deletes() {
        return Vec::new();
    }
    let mut found = Found { cookie, place, weaknesses: Vec::new() };
    found.refused(setter);
    if cookie.role() != Role::Other {
        found.unprotected();
        found.too_wide(setter.host);
        found.lifetime();
        found.unclear();
    }
    found.weaknesses
}

/// What is weak about the cookies of one name that one answer sets: that they contradict each other. `place` is theirs.
pub fn of_several(cookies: &[SetCookie], place: &Place) -> Option<Weakness> {
    let first = cookies.first().filter(|first| first.role() != Role::Other)?;
    let kept: Vec<&SetCookie> = cookies.iter().filter(|other| other.name == first.name && !other.deletes()).collect();
    let differs = kept.windows(2).any(|pair| pair[0] != pair[1]);
    differs.then(|| {
        let shown: Vec<String> = kept.iter().map(|cookie| cookie.masked()).collect();
        Weakness { evidence: Some(shown.join(" | ")), ..Check::SEVERAL.weakness(first, place) }
    })
}

/// The grade of a cookie with these weaknesses: `A` for none to `F`. What nobody is sure of does not count.
pub fn grade(weaknesses: &[Weakness]) -> char {
    let sure = weaknesses.iter().filter(|weakness| weakness.confidence >= Confidence::Medium);
    let points: u32 = sure.map(|weakness| points(weakness.severity)).sum();
    match points {
        0 => 'A',
        1..=2 => 'B',
        3..=5 => 'C',
        6..=8 => 'D',
        9..=11 => 'E',
        _ => 'F',
    }
}

fn points(severity: Severity) -> u32 {
    match severity {
        Severity::Low => 1,
        Severity::Medium => 3,
        Severity::High => 6,
        Severity::Critical => 12,
    }
}

struct Found<'f> {
    cookie: &'f SetCookie,
    place: &'f Place,
    weaknesses: Vec<Weakness>,
}

impl Found<'_> {
    fn add(&mut self, check: &Check) {
        self.weaknesses.push(check.weakness(self.cookie, self.place));
    }

    /// Why a browser would not keep it (sections 4.1.3 and 5.7).
    fn refused(&mut self, setter: Setter<'_>) {
        let cookie = self.cookie;
        let secure = cookie.secure && setter.encrypted != Some(false);
        let kept = match cookie.prefix() {
            None => true,
            Some(Prefix::Secure) => secure,
            Some(Prefix::Host) => secure && cookie.domain.is_none() && cookie.path.as_deref() == Some("/"),
        };
        let foreign = cookie.domain.as_deref().zip(setter.host).is_some_and(|(domain, host)| !is_under(host, domain));
        if !kept {
            self.add(&Check::PREFIX_BROKEN);
        } else if cookie.secure && setter.encrypted == Some(false) {
            self.add(&Check::SECURE_IN_CLEAR);
        }
        if foreign {
            self.add(&Check::DOMAIN_FOREIGN);
        }
        if cookie.same_site == Some(SameSite::None) && !cookie.secure {
            self.add(&Check::SAMESITE_NONE_IN_CLEAR);
        }
    }

    fn unprotected(&mut self) {
        let cookie = self.cookie;
        if !cookie.secure {
            self.add(&Check::NOT_SECURE);
        }
        if !cookie.http_only {
            self.add(&Check::NOT_HTTP_ONLY);
        }
        match cookie.same_site {
            None => self.add(&Check::NO_SAMESITE),
            Some(SameSite::None) if cookie.secure => self.add(&Check::SAMESITE_NONE),
            Some(_) => {}
        }
    }

    fn too_wide(&mut self, host: Option<&str>) {
        let cookie = self.cookie;
        if let Some(domain) = &cookie.domain
            && host.is_none_or(|host| is_under(host, domain))
        {
            self.add(&Check::DOMAIN_WIDE);
        }
        if cookie.path.as_deref().is_some_and(|path| path != "/") {
            self.add(&Check::PATH_NO_BOUNDARY);
        }
        if cookie.path.is_none() {
            self.add(&Check::NO_PATH);
        }
        if cookie.secure && cookie.prefix().is_none() {
            let is_own = cookie.domain.is_none() && cookie.path.as_deref() == Some("/");
            self.add(if is_own { &Check::NO_HOST_PREFIX } else { &Check::NO_SECURE_PREFIX });
        }
    }

    fn lifetime(&mut self) {
        match self.cookie.lifetime {
            None => self.add(&Check::NO_LIFETIME),
            Some(seconds) if seconds > LONG => self.add(&Check::LONG_LIVED),
            Some(_) => {}
        }
    }

    fn unclear(&mut self) {
        if !self.cookie.contradictions.is_empty() {
            self.add(&Check::CONTRADICTION);
        }
        // A date in a form of its own is common, and does no harm beside a Max-Age.
        if self.cookie.ignored.iter().any(|attribute| *attribute != Attribute::Expires) {
            self.add(&Check::IGNORED);
        }
    }
}

/// Whether `host` is `domain` or under it.
fn is_under(host: &str, domain: &str) -> bool {
    let rest = host.strip_suffix(domain);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.') && host.parse::<core::net::IpAddr>().is_err())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    fn place() -> Place {
        Place::Answer { url: Cow::Borrowed("https://shop.example.org/"), part: Cow::Borrowed("Set-Cookie: x") }
    }

    fn weaknesses(header: &str, encrypted: bool) -> Vec<Weakness> {
        let cookie = SetCookie::parse(header.as_bytes(), 0).unwrap();
        of(&cookie, Setter { host: Some("shop.example.org"), encrypted: Some(encrypted) }, &place())
    }

    fn checks(header: &str) -> Vec<String> {
        weaknesses(header, true).iter().map(|weakness| weakness.check.to_string()).collect()
    }

    const GOOD: &str = "__Host-connect.sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600";

    #[test]
    fn a_good_cookie_has_no_weakness() {
        assert_eq!(checks(GOOD), [""; 0]);
        assert_eq!(grade(&weaknesses(GOOD, true)), 'A');
    }

    #[test]
    fn each_weakness_is_found_alone() {
        for (without, with, check) in [
            ("; HttpOnly", "", "cookie-not-httponly"),
            ("; SameSite=Lax", "", "cookie-samesite-missing"),
            ("SameSite=Lax", "SameSite=None", "cookie-samesite"),
            ("; Max-Age=3600", "", "cookie-lifetime-missing"),
            ("Max-Age=3600", "Max-Age=9999999", "session-lifetime"),
            ("__Host-", "", "cookie-host-prefix-missing"),
            ("Path=/", "Path=/; Domain=example.org", "cookie-prefix"),
            ("HttpOnly", "HttpOnly; SameSite=Strict", "cookie-attributes-contradict"),
            ("HttpOnly", "HttpOnly; Domain=", "cookie-attribute-ignored"),
        ] {
            let changed = GOOD.replace(without, with);
            assert!(checks(&changed).contains(&check.to_owned()), "{changed}: {:?}", checks(&changed));
        }
        assert_eq!(checks(&GOOD.replace("Secure; ", "")), ["cookie-prefix", "cookie-not-secure"]);
    }

    #[test]
    fn scope_is_told() {
        let rest = "Secure; HttpOnly; SameSite=Lax; Max-Age=60";
        let scope = |attributes: &str| checks(&format!("sid=1; {attributes}{rest}"));
        assert_eq!(scope("Path=/; Domain=example.org; "), ["cookie-domain-wide", "cookie-secure-prefix-missing"]);
        assert_eq!(scope("Path=/; Domain=other.org; "), ["cookie-domain-foreign", "cookie-secure-prefix-missing"]);
        assert_eq!(scope("Path=/app; "), ["cookie-path-no-boundary", "cookie-secure-prefix-missing"]);
        assert_eq!(scope(""), ["cookie-path-missing", "cookie-secure-prefix-missing"]);
        assert!(!is_under("badexample.org", "example.org") && !is_under("10.0.0.1", "0.0.1") && is_under("a", "a"));
    }

    #[test]
    fn of_other_cookies_only_what_browsers_refuse_is_told() {
        assert_eq!(checks("theme=dark"), [""; 0]);
        assert_eq!(checks("theme=dark; SameSite=None"), ["cookie-samesite-none-not-secure"]);
        assert_eq!(checks("__Secure-theme=dark"), ["cookie-prefix"]);
        assert_eq!(checks("sid=; Max-Age=0"), [""; 0]);
    }

    #[test]
    fn over_plain_http_secure_cookies_are_refused() {
        let found = weaknesses("sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60", false);
        assert!(found.iter().any(|weakness| weakness.check == "cookie-secure-over-http"));
    }

    #[test]
    fn how_sure_it_is_follows_the_name() {
        let sure = |header: &str| weaknesses(header, true)[0].confidence;
        assert_eq!(sure("PHPSESSID=1"), Confidence::High);
        assert_eq!(sure("app.sid=1"), Confidence::Medium);
        assert_eq!(sure("id=8f14e45fceea167a5a36dedd4bea2543"), Confidence::Low);
    }

    #[test]
    fn cookies_of_one_name_that_differ_contradict() {
        let parse = |header: &str| SetCookie::parse(header.as_bytes(), 0).unwrap();
        let pair = |b: &str| of_several(&[parse("sid=1; Secure"), parse(b)], &place());
        assert!(pair("sid=1").is_some() && pair("sid=2; Secure").is_some());
        assert!(pair("sid=1; Secure").is_none() && pair("sid=; Max-Age=0").is_none() && pair("other.sid=1").is_none());
    }

    #[test]
    fn grades_fall_with_what_is_missing() {
        let grade = |header: &str| grade(&weaknesses(header, true));
        assert_eq!(grade("PHPSESSID=1"), 'F');
        assert_eq!(grade("PHPSESSID=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60"), 'B');
    }

    proptest! {
        /// Whatever is set, each weakness says what to do and where it stands, and none shows the value.
        #[test]
        fn weaknesses_are_whole(value in "[a-z0-9]{16,40}", attributes in "(; (Secure|HttpOnly|SameSite=None|Domain=example[.]org|Path=/x|Max-Age=99999999)){0,6}") {
            for weakness in weaknesses(&format!("__Secure-sid=Q{value}{attributes}"), true) {
                prop_assert!(!weakness.standards.is_empty() && !weakness.attack.is_empty() && !weakness.remedy.is_empty());
                let masked = !format!("{weakness:?}").contains(&value);
                prop_assert!(masked);
            }
        }

        /// One more protection never makes the grade worse.
        #[test]
        fn protections_do_not_hurt(secure: bool, http_only: bool, lax: bool) {
            let header = |secure, http_only, lax| {
                let text = |is_set, text| if is_set { text } else { "" };
                format!("PHPSESSID=1; Path=/{}{}{}", text(secure, "; Secure"), text(http_only, "; HttpOnly"), text(lax, "; SameSite=Lax"))
            };
            let grade = |header: String| grade(&weaknesses(&header, true));
            let now = grade(header(secure, http_only, lax));
            prop_assert!(grade(header(true, http_only, lax)) <= now);
            prop_assert!(grade(header(secure, true, lax)) <= now);
            prop_assert!(grade(header(secure, http_only, true)) <= now);
        }
    }
}
