//! Whether a cookie carries a session: by the names that frameworks give it, else by what its name and value look like.

use super::SetCookie;

/// How a cookie's part in a session shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A framework names its session so, or its lasting login.
    Named(&'static str),
    /// Its name speaks of a session or a login.
    Likely,
    /// Its value is long and random, and its name says nothing.
    Possible,
    /// No session.
    Other,
}

/// How a framework's name is met.
enum Name {
    /// It is this one.
    Is(&'static str),
    /// It begins so.
    Begins(&'static str),
    /// It begins and ends so.
    Around(&'static str, &'static str),
}

/// The names by which frameworks keep sessions and logins, in lower case, as their documentation gives them.
const NAMES: &[(Name, &str)] = &[
    (Name::Is("phpsessid"), "PHP"),
    (Name::Begins("jsessionid"), "servlets"),
    (Name::Is("asp.net_sessionid"), "ASP.NET"),
    (Name::Begins(".aspxauth"), "ASP.NET"),
    (Name::Begins("aspsessionid"), "ASP"),
    (Name::Is(".aspnetcore.session"), "ASP.NET Core"),
    (Name::Begins(".aspnetcore.cookies"), "ASP.NET Core"),
    (Name::Begins(".aspnetcore.identity"), "ASP.NET Core"),
    (Name::Begins(".aspnet.applicationcookie"), "ASP.NET"),
    (Name::Is("connect.sid"), "Express"),
    (Name::Is("express:sess"), "Express"),
    (Name::Is("koa.sess"), "Koa"),
    (Name::Is("koa:sess"), "Koa"),
    (Name::Is("sails.sid"), "Sails"),
    (Name::Begins("next-auth.session-token"), "NextAuth"),
    (Name::Begins("authjs.session-token"), "Auth.js"),
    (Name::Is("sessionid"), "Django"),
    (Name::Is("session"), "Flask or Starlette"),
    (Name::Is("remember_token"), "Flask"),
    (Name::Is("session_id"), "web2py and others"),
    (Name::Is("beaker.session.id"), "Beaker"),
    (Name::Is("laravel_session"), "Laravel"),
    (Name::Begins("remember_web_"), "Laravel"),
    (Name::Is("rememberme"), "Symfony"),
    (Name::Is("ci_session"), "CodeIgniter"),
    (Name::Is("cakephp"), "CakePHP"),
    (Name::Begins("wordpress_logged_in"), "WordPress"),
    (Name::Begins("wordpress_sec"), "WordPress"),
    (Name::Is("rack.session"), "Rack"),
    (Name::Is("remember_user_token"), "Devise"),
    (Name::Around("_", "_session"), "Rails"),
    (Name::Is("_session_id"), "Rails"),
    (Name::Around("_", "_key"), "Phoenix"),
    (Name::Is("remember-me"), "Spring Security"),
    (Name::Is("play_session"), "Play"),
    (Name::Is("tower.sid"), "tower-sessions"),
    (Name::Is("cfid"), "ColdFusion"),
    (Name::Is("cftoken"), "ColdFusion"),
];

/// Words of names that are no session's: tokens against forged requests are for scripts to read, the others are for statistics, consent and load balancers.
const OTHERS: &[&str] =
    &["csrf", "xsrf", "forgery", "consent", "locale", "lang", "theme", "awsalb", "_ga", "_gid", "_fbp", "__cf", "utm"];

/// Words of names that speak of a session or a login.
const WORDS: &[&str] = &["sess", "auth", "login", "jwt", "token", "remember", "sso", "signed_in", "identity"];

/// A random value has at least so many bytes.
const SHORTEST: usize = 20;
/// And at least so many bits, by how often each of its bytes is there.
const LEAST_BITS: f64 = 64.0;

impl SetCookie {
    /// What part it has in a session.
    pub fn role(&self) -> Role {
        let name = self.bare_name().to_ascii_lowercase();
        if let Some((_, framework)) = NAMES.iter().find(|(pattern, _)| pattern.is_met_by(&name)) {
            return Role::Named(framework);
        }
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let value = self.value.expose();
        match () {
            () if has(OTHERS) => Role::Other,
            () if has(WORDS) || is_sid(&name) => Role::Likely,
            () if value.len() >= SHORTEST && bits(value) >= LEAST_BITS && is_opaque(value) => Role::Possible,
            () => Role::Other,
        }
    }
}

impl Name {
    fn is_met_by(&self, name: &str) -> bool {
        match self {
            Self::Is(is) => name == *is,
            Self::Begins(begin) => name.starts_with(begin),
            Self::Around(begin, end) => {
                name.len() > begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
            }
        }
    }
}

/// Whether `sid` is a word of its own in `name`.
fn is_sid(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "sid" || word == "ssid")
}

/// How many bits `value` has, by how often each of its bytes is there: no more than it seems, for order counts nothing.
pub fn bits(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let share = |&count: &u32| f64::from(count) * (length / f64::from(count)).log2();
    counts.iter().filter(|count| **count > 0).map(share).sum()
}

/// Whether nothing in `value` is a word or a structure to be read: a run of letters and digits that has both, or is of hex.
fn is_opaque(value: &[u8]) -> bool {
    let run = value.split(|byte| !byte.is_ascii_alphanumeric()).max_by_key(|run| run.len()).unwrap_or_default();
    run.len() >= SHORTEST && run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(header: &str) -> Role {
        SetCookie::parse(header.as_bytes(), 0).unwrap().role()
    }

    #[test]
    fn frameworks_are_known_by_their_names() {
        for (name, framework) in [
            ("PHPSESSID", "PHP"),
            ("connect.sid", "Express"),
            ("__Host-connect.sid", "Express"),
            ("__Secure-next-auth.session-token.0", "NextAuth"),
            ("sessionid", "Django"),
            ("_shop_session", "Rails"),
            ("_shop_key", "Phoenix"),
            (".AspNetCore.Identity.Application", "ASP.NET Core"),
        ] {
            assert_eq!(role(&format!("{name}=x")), Role::Named(framework), "{name}");
        }
    }

    #[test]
    fn other_cookies_are_no_sessions() {
        let random = "8f14e45fceea167a5a36dedd4bea2543";
        for name in ["csrftoken", "XSRF-TOKEN", "_ga", "__cf_bm", "cookie_consent", "AWSALB"] {
            assert_eq!(role(&format!("{name}={random}")), Role::Other, "{name}");
        }
        assert_eq!(role("theme=dark"), Role::Other);
        assert_eq!(role("seen=the-quick-brown-fox-jumps-over-it"), Role::Other);
    }

    #[test]
    fn names_and_values_speak() {
        let random = "8f14e45fceea167a5a36dedd4bea2543";
        assert_eq!((role("app.sid=1"), role("authToken=1")), (Role::Likely, Role::Likely));
        assert_eq!((role(&format!("id={random}")), role("id=7")), (Role::Possible, Role::Other));
        assert_eq!(role("id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"), Role::Other, "long and not random");
    }

    #[test]
    fn bits_are_those_of_how_often_a_byte_is_there() {
        assert!(bits(b"").abs() < 1e-9 && bits(b"aaaa").abs() < 1e-9);
        assert!((bits(b"abcd") - 8.0).abs() < 1e-9);
    }
}
