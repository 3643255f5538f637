//! Packets, sealed and opened.
//!
//! AES in Galois/Counter Mode (<https://www.rfc-editor.org/rfc/rfc5647#section-7>, under the names of <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL>, section 1.6), and `ChaCha20` with
//! Poly1305 (<https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.chacha20poly1305>). All of them prove that a packet is whole, so no MAC is agreed upon. How keys are come by is left
//! to [`super::kex`], and what a packet is to [`super::transport`].

use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
    chacha20_poly1305_openssh::{KEY_LEN, OpeningKey, SealingKey},
};

/// How long the tag at the end of a sealed packet is.
const TAG: usize = 16;
/// How long a packet's length is.
pub(super) const HEAD: usize = 4;

/// A cipher that can be agreed upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// AES in Galois/Counter Mode, with a key of 256 bits.
    Aes256Gcm,
    /// The same, with a key of 128 bits.
    Aes128Gcm,
    /// `ChaCha20` and Poly1305.
    ChaCha20Poly1305,
}

impl Kind {
    /// All of them, the best first. What can be taken away from the first exchange without anybody's notice (<https://terrapin-attack.com>) is of no use against the first two.
    pub(super) const ALL: [Self; 3] = [Self::Aes256Gcm, Self::Aes128Gcm, Self::ChaCha20Poly1305];

    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "aes256-gcm@openssh.com",
            Self::Aes128Gcm => "aes128-gcm@openssh.com",
            Self::ChaCha20Poly1305 => "chacha20-poly1305@openssh.com",
        }
    }

    /// How long its key is.
    pub(super) fn key_length(self) -> usize {
        match self {
            Self::Aes256Gcm => 32,
            Self::Aes128Gcm => 16,
            Self::ChaCha20Poly1305 => KEY_LEN,
        }
    }
}

/// What seals or opens the packets of one direction.
pub(super) enum Cipher {
    /// Before keys are agreed upon.
    None,
    /// AES; the nonce is counted.
    Gcm(Box<LessSafeKey>, [u8; NONCE_LEN]),
    /// `ChaCha20`; the packets are counted.
    ChaCha(Box<(SealingKey, OpeningKey)>),
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(..)")
    }
}

impl Cipher {
    /// One whose key and nonce are the first bytes of `key` and `nonce`; nothing where these are too short.
    pub(super) fn new(kind: Kind, key: &[u8], nonce: &[u8]) -> Option<Self> {
        let algorithm = match kind {
            Kind::Aes256Gcm => &AES_256_GCM,
            Kind::Aes128Gcm => &AES_128_GCM,
            Kind::ChaCha20Poly1305 => {
                let key = key.first_chunk()?;
                return Some(Self::ChaCha(Box::new((SealingKey::new(key), OpeningKey::new(key)))));
            }
        };
        let key = UnboundKey::new(algorithm, key.get(..kind.key_length())?).ok()?;
        Some(Self::Gcm(Box::new(LessSafeKey::new(key)), *nonce.first_chunk()?))
    }

    /// What a packet's length is a multiple of: what it says of itself, or all of it where even that is in clear.
    pub(super) fn block(&self) -> usize {
        if matches!(self, Self::Gcm(..)) { 16 } else { 8 }
    }

    /// How many bytes of its head that multiple counts.
    pub(super) fn counted_head(&self) -> usize {
        if matches!(self, Self::None) { HEAD } else { 0 }
    }

    /// How much follows a packet to seal it.
    pub(super) fn tag(&self) -> usize {
        if matches!(self, Self::None) { 0 } else { TAG }
    }

    /// How long the packet `number` says it is. Nobody has proven yet that it is so.
    pub(super) fn length(&self, number: u32, head: [u8; HEAD]) -> u32 {
        u32::from_be_bytes(match self {
            Self::ChaCha(keys) => keys.1.decrypt_packet_length(number, head),
            Self::None | Self::Gcm(..) => head,
        })
    }

    /// What is in the packet `number`, of which `packet` is all, head and tag included. Nothing where it was changed on its way.
    pub(super) fn open<'p>(&mut self, number: u32, packet: &'p mut [u8]) -> Option<&'p [u8]> {
        match self {
            Self::None => packet.get(HEAD..),
            Self::Gcm(key, nonce) => {
                let (head, sealed) = packet.split_at_mut_checked(HEAD)?;
                let opened = key.open_in_place(count(nonce), Aad::from(&*head), sealed).ok()?;
                Some(opened)
            }
            Self::ChaCha(keys) => {
                let (sealed, tag) = packet.split_last_chunk_mut()?;
                keys.1.open_in_place(number, sealed, tag).ok()
            }
        }
    }

    /// Seals the packet `number`, which begins with its length. Nothing where the cipher refuses.
    pub(super) fn seal(&mut self, number: u32, mut packet: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::None => {}
            Self::Gcm(key, nonce) => {
                let (head, clear) = packet.split_at_mut_checked(HEAD)?;
                let tag = key.seal_in_place_separate_tag(count(nonce), Aad::from(&*head), clear).ok()?;
                packet.extend_from_slice(tag.as_ref());
            }
            Self::ChaCha(keys) => {
                let mut tag = [0; TAG];
                packet.get(..HEAD)?;
                keys.0.seal_in_place(number, &mut packet, &mut tag);
                packet.extend_from_slice(&tag);
            }
        }
        Some(packet)
    }
}

/// The nonce as it is, before its last eight bytes are counted up for the next packet.
fn count(nonce: &mut [u8; NONCE_LEN]) -> Nonce {
    let this = Nonce::assume_unique_for_key(*nonce);
    if let Some(counter) = nonce.last_chunk_mut() {
        *counter = u64::from_be_bytes(*counter).wrapping_add(1).to_be_bytes();
    }
    this
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(kind: Kind) -> (Cipher, Cipher) {
        let one = || Cipher::new(kind, &[7; 64], &[0xff; 32]).unwrap();
        (one(), one())
    }

    #[test]
    fn what_is_sealed_is_opened_in_turn() {
        for kind in Kind::ALL {
            let (mut from, mut to) = pair(kind);
            let mut last = Vec::new();
            for number in 0..3 {
                let mut sealed = from.seal(number, b"\0\0\0\x08eight by".to_vec()).unwrap();
                assert_eq!(sealed.len(), 12 + to.tag());
                // The same is never sealed the same way.
                assert_ne!(sealed, std::mem::replace(&mut last, sealed.clone()));
                assert_eq!(to.length(number, *sealed.first_chunk().unwrap()), 8);
                assert_eq!(to.open(number, &mut sealed), Some(&b"eight by"[..]), "{kind:?}");
            }
        }
    }

    #[test]
    fn what_was_changed_or_cut_is_not_opened() {
        for kind in Kind::ALL {
            let sealed = pair(kind).0.seal(0, b"\0\0\0\x08eight by".to_vec()).unwrap();
            for bit in 0..sealed.len() * 8 {
                let mut changed = sealed.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(pair(kind).1.open(0, &mut changed), None, "{kind:?} {bit}");
            }
            for length in 0..sealed.len() {
                assert_eq!(pair(kind).1.open(0, &mut sealed.clone()[..length]), None, "{kind:?} {length}");
            }
        }
    }

    #[test]
    fn a_key_may_not_be_too_short() {
        for kind in Kind::ALL {
            assert!(Cipher::new(kind, &vec![0; kind.key_length() - 1], &[0; 12]).is_none());
        }
        assert!(Cipher::new(Kind::Aes128Gcm, &[0; 16], &[0; 11]).is_none());
    }
}
