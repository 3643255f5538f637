//! The account that an AWS key is of, which its id tells without asking anybody.
//!
//! The ten bytes behind the prefix, in Base32, hold it in 40 bits from the second on:
//! <https://trufflesecurity.com/blog/research-uncovers-aws-account-numbers-hidden-in-access-keys>

use data_encoding::BASE32;

/// The account's twelve digits; nothing for what is no key's id.
pub(super) fn of(id: &str) -> Option<String> {
    let bytes = BASE32.decode(id.get(4..20)?.as_bytes()).ok()?;
    let first = bytes.get(..6)?.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    Some(format!("{:012}", (first & 0x7fff_ffff_ff80) >> 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_account() {
        // The eight characters that <https://onappsec.com/tag/canary-token/> shows of the keys of one account.
        for end in ["AAAAAAAA", "D7777777"] {
            assert_eq!(of(&format!("AKIA{}{end}", "YVP4CIPP")).as_deref(), Some("595918472158"));
        }
        assert_eq!((of("AKIA"), of(&format!("AKIA{}", "1".repeat(16)))), (None, None));
    }
}
