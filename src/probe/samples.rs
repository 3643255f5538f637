//! Session ids judged by their values: how many bits they can have at most, and what of them can be foretold.
//!
//! All of it is an upper bound: samples show that ids are weak, never that they are strong. A generator that repeats after many values, or whose seed can be guessed, looks random
//! here. What is signed or encrypted is only recognised: it is as strong as its key. The tests are made so that together they call a random id weak less than once in a thousand runs.

mod form;
mod numbers;
mod positions;
mod uuid;

use std::collections::BTreeMap;

use crate::{
    secret::Secret,
    session::{Ids, Sign},
};

/// Fewer samples than these show nothing but lengths and repetitions.
pub const LEAST: usize = 5;

/// What holds of every number of samples.
const BOUND: &str = "the bits are an upper bound of what could be seen. A generator that can be foretold from its state or seed looks random here";

/// An id, and when it was given out, in seconds since 1970.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The id, without what a cookie has around it.
    pub id: Secret,
    /// When.
    pub at: i64,
}

/// What these ids show, in the order in which they were given out. They are weak with fewer than `least` bits.
pub fn judge(samples: &[Sample], least: f64) -> Ids {
    let whole: Vec<&[u8]> = samples.iter().map(|sample| sample.id.expose()).collect();
    let (form, ids) = form::of(&whole);
    let lengths = ids.iter().map(|id| id.len());
    let lengths = (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0));
    let mut judged = Ids {
        samples: samples.len(),
        form,
        lengths,
        alphabet: None,
        bits_at_most: None,
        positions: Vec::new(),
        signs: Vec::new(),
        weak: false,
        limits: limits(samples.len()),
    };
    if form.is_content() {
        // Sessions in which nothing has happened yet may well be the same.
        let limits = "what is signed or encrypted is as strong as its key, which samples do not show".to_owned();
        return Ids { limits, ..judged };
    }
    if let Some(sign) = repeated(&ids) {
        judged.signs.push(sign);
        judged.limits = format!("{} samples, of which some repeat; {BOUND}", samples.len());
    }
    if lengths.0 == lengths.1 && samples.len() >= LEAST {
        look_inside(&mut judged, &ids, samples);
    }
    judged.weak = is_weak(&judged, least);
    judged
}

fn look_inside(judged: &mut Ids, ids: &[&[u8]], samples: &[Sample]) {
    let times: Vec<i64> = samples.iter().map(|sample| sample.at).collect();
    let numbers = uuid::time(ids, &times).map_or_else(|| numbers::find(ids, &times, judged.form), |sign| vec![sign]);
    let told = |at: usize| {
        numbers.iter().any(|sign| match *sign {
            Sign::Counter(from, to) | Sign::Timestamp(_, from, to) => (from..to).contains(&at),
            _ => false,
        })
    };
    let seen = positions::look_at(ids);
    judged.signs.extend(seen.signs.iter().copied().filter(|sign| match *sign {
        Sign::Biased(at) | Sign::Correlated(at) => !told(at),
        _ => true,
    }));
    let free = seen.varying.iter().filter(|at| !told(**at)).count();
    // Who knows about when an id was given out still has to find the moment within the second.
    let moments: f64 = numbers
        .iter()
        .map(|sign| if let Sign::Timestamp(unit, ..) = sign { unit.bits_within_a_second() } else { 0.0 })
        .sum();
    judged.alphabet = (free > 0).then_some(seen.alphabet);
    judged.bits_at_most = Some(f64::from(u32::try_from(free).unwrap_or(u32::MAX)) * seen.bits_each + moments);
    judged.positions = seen.bits.iter().enumerate().map(|(at, bits)| if told(at) { 0.0 } else { *bits }).collect();
    judged.signs.extend(&numbers);
}

/// Whether anything speaks against these ids: fewer than `least` bits at most, or something that can be foretold and is not only fixed.
fn is_weak(judged: &Ids, least: f64) -> bool {
    let foretold = judged.signs.iter().any(|sign| !matches!(sign, Sign::Fixed(_) | Sign::Timestamp(..)));
    foretold || judged.bits_at_most.is_some_and(|bits| bits < least)
}

/// What so many samples can show, and what not.
fn limits(samples: usize) -> String {
    let plural = if samples == 1 { "" } else { "s" };
    if samples < LEAST {
        return format!(
            "{samples} sample{plural}, too few: {LEAST} are the least, 50 are better; fewer show no more than lengths and repetitions"
        );
    }
    // With fewer values than this, one in twenty runs would have had no repetition.
    let values = (pairs(samples) / 20_f64.ln()).log2().max(0.0);
    format!(
        "{samples} samples without a repetition show that there are more than about 2^{values:.0} ids, and no more than that; {BOUND}"
    )
}

/// How many pairs of samples there are.
fn pairs(samples: usize) -> f64 {
    let count = f64::from(u32::try_from(samples).unwrap_or(u32::MAX));
    count * (count - 1.0) / 2.0
}

fn repeated(ids: &[&[u8]]) -> Option<Sign> {
    let mut times: BTreeMap<&[u8], usize> = BTreeMap::new();
    for id in ids {
        *times.entry(id).or_default() += 1;
    }
    let several = times.values().filter(|times| **times > 1).sum();
    (several > 0).then_some(Sign::Repeated(several))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        secret::Shown,
        session::{Form, Unit},
    };

    const NOW: i64 = 1_767_323_045;

    /// Numbers that look random, the same in each run (splitmix64).
    fn random(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed;
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        }
    }

    /// What `count` ids show, one every second.
    fn judge(count: usize, mut id: impl FnMut(usize) -> String) -> Ids {
        let sample =
            |nth| Sample { id: Secret::new(id(nth).as_bytes(), Shown::Nothing), at: NOW + i64::try_from(nth).unwrap() };
        super::judge(&(0..count).map(sample).collect::<Vec<_>>(), 128.0)
    }

    fn hex128(next: &mut impl FnMut() -> u64) -> String {
        format!("{:016x}{:016x}", next(), next())
    }

    fn base64(bytes: &[u8]) -> String {
        data_encoding::BASE64URL_NOPAD.encode(bytes)
    }

    #[test]
    fn random_ids_of_128_bits_are_not_called_weak() {
        for seed in 0..40 {
            let mut next = random(seed);
            let judgement = judge(60, |_| hex128(&mut next));
            assert_eq!((judgement.form, judgement.bits_at_most), (Form::Hex, Some(128.0)), "{judgement:?}");
            assert!(judgement.signs.is_empty() && !judgement.weak, "{judgement:?}");
            let mut next = random(seed + 1000);
            let judgement =
                judge(60, |_| base64(&[next().to_be_bytes(), next().to_be_bytes(), next().to_be_bytes()].concat()));
            assert!(judgement.signs.is_empty() && judgement.bits_at_most == Some(192.0), "{judgement:?}");
        }
    }

    #[test]
    fn ids_of_32_bits_are_short() {
        let mut next = random(1);
        let judgement = judge(40, |_| format!("{:08x}", next() >> 32));
        assert_eq!(judgement.bits_at_most, Some(32.0));
        assert!(judgement.weak && judgement.signs.is_empty(), "{judgement:?}");
    }

    #[test]
    fn counters_are_found_in_every_writing() {
        let is_counter = |judgement: &Ids| judgement.signs.iter().any(|sign| matches!(sign, Sign::Counter(..)));
        assert!(is_counter(&judge(10, |nth| format!("{}", 10_000 + nth * 3))));
        assert!(is_counter(&judge(10, |nth| format!("{:08x}", 0x00ff_fff8 + nth))));
        assert!(is_counter(&judge(10, |nth| base64(&[&(77 + nth as u64).to_be_bytes()[..], &[7; 8]].concat()))));
        let mut next = random(2);
        let mixed = judge(20, |nth| format!("{:08x}{:016x}", 500 + nth, next()));
        assert!(is_counter(&mixed) && mixed.bits_at_most.unwrap() <= 64.0, "{mixed:?}");
    }

    #[test]
    fn timestamps_are_found_in_every_writing() {
        let unit = |judgement: Ids| {
            judgement
                .signs
                .iter()
                .find_map(|sign| if let Sign::Timestamp(unit, ..) = sign { Some(*unit) } else { None })
        };
        let at = |nth: usize| NOW + i64::try_from(nth).unwrap();
        let mut next = random(3);
        assert_eq!(unit(judge(10, |nth| format!("{:x}{:05x}", at(nth), next() >> 44))), Some(Unit::Seconds));
        assert_eq!(unit(judge(10, |nth| format!("s{}z", at(nth) * 1000 + 7))), Some(Unit::Milliseconds));
        let bytes = |nth| [&at(nth).to_be_bytes()[4..], &next().to_be_bytes()].concat();
        let mut bytes = bytes;
        assert_eq!(unit(judge(10, |nth| base64(&bytes(nth)))), Some(Unit::Seconds));
    }

    #[test]
    fn times_of_uuids_are_found() {
        let mut next = random(8);
        let ticks = |nth: usize| {
            u64::try_from(NOW + i64::try_from(nth).unwrap()).unwrap() * 10_000_000
                + 0x01B2_1DD2_1381_4000
                + 1_234_567 * nth as u64
        };
        let written = |digits: u128| {
            let hex = format!("{digits:032x}");
            format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
        };
        let end = 0x8abc_0123_4567_89ab_u128;
        let first = |nth| {
            let ticks = u128::from(ticks(nth));
            let (low, mid, high) = (ticks & 0xffff_ffff, ticks >> 32 & 0xffff, ticks >> 48 & 0xfff);
            low << 96 | mid << 80 | (0x1000 | high) << 64 | end
        };
        let sixth = |nth| {
            let ticks = u128::from(ticks(nth));
            ticks >> 12 << 80 | (0x6000 | ticks & 0xfff) << 64 | end
        };
        for judgement in [judge(10, |nth| written(first(nth))), judge(10, |nth| written(sixth(nth)))] {
            assert!(judgement.signs.contains(&Sign::Timestamp(Unit::Ticks, 0, 18)), "{judgement:?}");
            assert!(judgement.weak && judgement.bits_at_most.unwrap() < 24.0, "{judgement:?}");
        }
        assert!(judge(10, |nth| written(first(nth)).replace('-', "")).signs.contains(&Sign::Timestamp(
            Unit::Ticks,
            0,
            16
        )));
        let seventh = judge(10, |nth| {
            let milliseconds = u128::try_from(NOW + i64::try_from(nth).unwrap()).unwrap() * 1000;
            written(
                milliseconds << 80 | 0x7 << 76 | u128::from(next() >> 52) << 64 | 0x2 << 62 | u128::from(next() >> 2),
            )
        });
        assert!(seventh.signs.contains(&Sign::Timestamp(Unit::Milliseconds, 0, 13)), "{seventh:?}");
        let fourth = judge(20, |_| written(u128::from(next()) << 64 | 0x2 << 62 | u128::from(next() >> 2)));
        assert!(!fourth.signs.iter().any(|sign| matches!(sign, Sign::Timestamp(..))), "{fourth:?}");
    }

    #[test]
    fn bits_are_told_by_position() {
        let mut next = random(9);
        let judgement = judge(100, |nth| format!("{:04}-{}", 1000 + nth, hex128(&mut next)));
        assert_eq!(judgement.runs().as_deref(), Some("0–4: 0, 5–36: 4"), "{judgement:?}");
        assert_eq!(judgement.alphabet, Some(16));
    }

    #[test]
    fn repetitions_and_biases_are_found() {
        let mut next = random(4);
        let few: Vec<String> = (0..7).map(|_| hex128(&mut next)).collect();
        let repeating = judge(21, |nth| few[nth % 7].clone());
        assert_eq!(repeating.signs[0], Sign::Repeated(21));
        assert!(repeating.limits.contains("some repeat"), "{repeating:?}");
        let biased = judge(100, |_| {
            let id = hex128(&mut next);
            if next() % 10 < 9 { format!("{}a{}", &id[..9], &id[10..]) } else { id }
        });
        assert_eq!(biased.signs, [Sign::Biased(9)], "{biased:?}");
        let fixed = judge(50, |_| format!("{}beef", hex128(&mut next)));
        assert_eq!((fixed.signs, fixed.bits_at_most), (vec![Sign::Fixed(4)], Some(128.0)));
    }

    #[test]
    fn what_follows_from_the_id_before_is_found() {
        let mut next = random(5);
        let judgement = judge(100, |nth| format!("{}{:x}", hex128(&mut next), (nth * 5) % 16));
        assert!(judgement.signs.contains(&Sign::Correlated(32)), "{judgement:?}");
    }

    #[test]
    fn signed_ids_are_recognised() {
        let mut next = random(6);
        let express = judge(20, |_| format!("s%3A{}.{}", hex128(&mut next), base64(&[7; 32])));
        assert_eq!((express.form, express.bits_at_most), (Form::Signed, Some(128.0)), "{express:?}");
        let head = base64(br#"{"alg":"HS256"}"#);
        let jwt =
            judge(20, |nth| format!("{head}.{}.{}", base64(format!("{{\"n\":{nth}}}").as_bytes()), base64(&[7; 32])));
        assert_eq!((jwt.form, jwt.bits_at_most), (Form::Jwt, None));
        let same = judge(9, |_| format!("{head}.{}.{}", base64(b"{}"), base64(&[7; 32])));
        assert!(!same.weak && same.signs.is_empty() && same.limits.contains("its key"), "{same:?}");
        let rack =
            judge(20, |nth| format!("{}--{:040x}", base64(&[b'a' + u8::try_from(nth % 26).unwrap(); 30]), nth + 7));
        assert_eq!(rack.form, Form::Content);
        let flask = judge(20, |_| format!("{}.aVc1ZA.{}", base64(br#"{"user":1}"#), base64(&[9; 20])));
        assert_eq!(flask.form, Form::Content);
    }

    #[test]
    fn few_samples_say_so() {
        let mut next = random(7);
        let judgement = judge(2, |_| hex128(&mut next));
        assert!(judgement.bits_at_most.is_none() && judgement.limits.contains("too few"));
        assert!(judge(50, |_| hex128(&mut next)).limits.contains("2^9"), "1225 pairs, by 3");
        assert_eq!(judge(0, |_| String::new()).samples, 0);
    }

    proptest! {
        /// Whatever servers send, it is judged, and none of it is shown.
        #[test]
        fn hostile_ids_are_judged(ids in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12), at: i64) {
            let samples: Vec<_> = ids.iter().map(|id| Sample { id: Secret::new(id, Shown::Nothing), at }).collect();
            let judgement = super::judge(&samples, 128.0);
            prop_assert_eq!(judgement.samples, ids.len());
            prop_assert!(!judgement.limits.is_empty());
        }
    }
}
