/// Which letters often follow which in English words: bit `b - 'a'` of row `a - 'a'`. These pairs make up 93 % of all pairs in the
/// words of a few hundred manual pages, each word weighted by the logarithm of its count.
#[rustfmt::skip]
const COMMON_PAIRS: [u32; 26] = [
    0x13ebd4e, // a: bcdgiklmnprstuvy
    0x0124911, // b: aeiloru
    0x01a4d95, // c: acehiklortu
    0x0144119, // d: adeiosu
    0x0eeb97d, // e: acdefgilmnprstvwx
    0x0104131, // f: aefiou
    0x0122190, // g: ehinru
    0x0084111, // h: aeiot
    0x2aef87f, // i: abcdefglmnoprstvxz
    0x0000000, // j: 
    0x0040110, // k: eis
    0x11c4919, // l: adeilostuy
    0x000d113, // m: abeimop
    0x03c617d, // n: acdefginostuv
    0x07ef94e, // o: bcdgilmnoprstuvw
    0x01ec911, // p: aeiloprstu
    0x0100000, // q: u
    0x11e7d5d, // r: acdegiklmnorstuy
    0x11cc995, // s: acehilopstuy
    0x11e4995, // t: acehilorstuy
    0x00eb957, // u: abcegilmnprst
    0x0000111, // v: aei
    0x0024191, // w: aehior
    0x0008000, // x: p
    0x0000000, // y: 
    0x0000000, // z: 
];
