/// x
pub struct Change;
/// x
pub struct Changed;
