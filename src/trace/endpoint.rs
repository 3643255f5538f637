//! What an action does, whatever it does it to: ids within a path are no endpoints of their own.

/// Paths keep so many segments.
const MOST_SEGMENTS: usize = 12;
/// A segment of letters and digits that is so long is an id, in bytes.
const LONG: usize = 20;

/// `GET /users/17/files?all=1` as `GET /users/*/files`; what is no path stays.
pub(super) fn of(action: &str) -> String {
    let Some(path) = action.find('/') else { return action.to_owned() };
    let (method, path) = action.split_at(path);
    let path = path.split(['?', '#', ';']).next().unwrap_or_default();
    let segments: Vec<&str> =
        path.split('/').take(MOST_SEGMENTS).map(|segment| if is_id(segment) { "*" } else { segment }).collect();
    format!("{method}{}", segments.join("/"))
}

/// Whether `segment` names one of many: a number, a UUID, a hash, something long with digits in it.
fn is_id(segment: &str) -> bool {
    let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    let has_digit = segment.contains(|c: char| c.is_ascii_digit());
    let is_number = !segment.is_empty() && segment.chars().all(|c| c.is_ascii_digit());
    let is_hash = segment.len() >= 8 && segment.chars().all(hex);
    is_number || has_digit && (is_hash || segment.len() >= LONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_no_endpoints_of_their_own() {
        let cases = [
            ("GET /users/17/files?all=1", "GET /users/*/files"),
            ("GET /v2/orders/0b5e7a86-2f53-4d0c-9a55-0e1f2a3b4c5d", "GET /v2/orders/*"),
            ("GET /blob/deadbeef01;v=1", "GET /blob/*"),
            ("GET /", "GET /"),
            ("DELETE /facade/decade", "DELETE /facade/decade"),
            ("s3.amazonaws.com ListBuckets", "s3.amazonaws.com ListBuckets"),
        ];
        for (action, endpoint) in cases {
            assert_eq!(of(action), endpoint);
        }
        assert_eq!(of(&"/a".repeat(50)).matches("/a").count(), MOST_SEGMENTS - 1);
    }
}
