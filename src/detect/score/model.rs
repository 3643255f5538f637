//! What the features weigh together: gradient-boosted trees, fitted by `learn/fit.py` and kept in `weights.bin`.
//!
//! The sum over all trees is the logarithm of the odds that a value is a secret. Every node knows the mean of what lies below it, so that the way from root to
//! leaf says how much each feature asked about on it added: the parts that `stanch rules explain` prints sum up to the weight.

use std::sync::LazyLock;

use super::features::FEATURES;

/// The file: how many trees there are (two bytes), for each how many nodes it has (two bytes), then all nodes; numbers
/// have their low byte first.
const FILE: &[u8] = include_bytes!("weights.bin");

/// The bytes of a node in the file: feature, threshold, right, mean.
const NODE_SIZE: usize = 7;

/// What one unit of a node's mean is.
const UNIT: f32 = 1.0 / 2048.0;

/// The feature of a leaf.
const LEAF: u8 = u8::MAX;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::read(FILE).expect("the model was checked by a test"));

struct Model {
    /// Where each tree begins.
    roots: Vec<usize>,
    nodes: Vec<Node>,
}

/// A question about a feature; at most its threshold goes on to the next node, more to `right`.
struct Node {
    feature: u8,
    threshold: i16,
    right: usize,
    /// The mean of the leaves below, each as often as it was met when the model was fitted.
    mean: i16,
}

/// What a feature adds to a weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The feature.
    pub name: &'static str,
    /// How much of it the value has.
    pub amount: f32,
    /// What that adds, in natural logarithms of the odds.
    pub weight: f32,
}

/// The weight of a value with these amounts, in natural logarithms of the odds.
pub(super) fn weight(amounts: &[i16]) -> f32 {
    let model = &*MODEL;
    let leaf = |&root: &usize| i32::from(model.path(root, amounts).last().map_or(0, |node| node.mean));
    scaled(model.roots.iter().map(leaf).sum())
}

/// The same as the sum of its parts, the greatest first, behind the weight of a value of which nothing is known.
pub(super) fn parts(amounts: &[i16]) -> (f32, Vec<Part>) {
    let model = &*MODEL;
    let mut added = vec![0_i32; FEATURES.len()];
    for &root in &model.roots {
        let path: Vec<&Node> = model.path(root, amounts).collect();
        for step in path.windows(2) {
            added[usize::from(step[0].feature)] += i32::from(step[1].mean) - i32::from(step[0].mean);
        }
    }
    let features = FEATURES.iter().zip(amounts).zip(&added).filter(|(_, added)| **added != 0);
    let part = |(((name, _), &amount), &added): ((&(&'static str, _), &i16), &i32)| Part {
        name,
        amount: f32::from(amount) / 100.0,
        weight: scaled(added),
    };
    let mut parts: Vec<Part> = features.map(part).collect();
    parts.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    (scaled(model.roots.iter().map(|&root| i32::from(model.nodes[root].mean)).sum()), parts)
}

#[allow(clippy::cast_precision_loss, reason = "far below the 24 bits that are exact")]
fn scaled(units: i32) -> f32 {
    units as f32 * UNIT
}

impl Model {
    /// The nodes from `root` to a leaf.
    fn path<'m>(&'m self, root: usize, amounts: &'m [i16]) -> impl Iterator<Item = &'m Node> {
        let next = move |&at: &usize| {
            let node = &self.nodes[at];
            let goes_on = || amounts[usize::from(node.feature)] <= node.threshold;
            (node.feature != LEAF).then(|| if goes_on() { at + 1 } else { node.right })
        };
        std::iter::successors(Some(root), next).map(|at| &self.nodes[at])
    }

    /// The model in `file`; nothing where it breaks the format.
    fn read(file: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?));
        let trees = usize::from(number(0)?);
        let sizes: Vec<usize> = (1..=trees).map(|tree| number(2 * tree).map(usize::from)).collect::<Option<_>>()?;
        let mut rest = file.get(2 + 2 * trees..)?;
        let (mut roots, mut nodes) = (Vec::with_capacity(trees), Vec::new());
        for size in sizes {
            let root = nodes.len();
            roots.push(root);
            for at in root..root + size {
                let (bytes, behind) = rest.split_at_checked(NODE_SIZE)?;
                let (feature, word) = (bytes[0], |at: usize| [bytes[at], bytes[at + 1]]);
                let node = Node {
                    feature,
                    threshold: i16::from_le_bytes(word(1)),
                    right: root + usize::from(u16::from_le_bytes(word(3))),
                    mean: i16::from_le_bytes(word(5)),
                };
                let asks = usize::from(feature) < FEATURES.len() && (at + 2..root + size).contains(&node.right);
                if !asks && feature != LEAF {
                    return None;
                }
                nodes.push(node);
                rest = behind;
            }
        }
        rest.is_empty().then_some(Self { roots, nodes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole_and_small() {
        assert!(Model::read(FILE).is_some() && FILE.len() < 300_000);
        assert!(Model::read(&FILE[..FILE.len() - 1]).is_none());
    }

    /// The file says nothing of the features but their number. Who changes their order, their names or what they mean fits anew, and writes
    /// here what this test shows then.
    #[test]
    fn the_features_are_those_that_it_was_fitted_to() {
        let names: Vec<_> = FEATURES.iter().map(|(name, _)| *name).collect();
        assert_eq!(crc32fast::hash(names.join("\n").as_bytes()), 2_099_260_850);
    }

    #[test]
    fn parts_sum_up_to_the_weight() {
        for seed in 0..50_i16 {
            let amounts: Vec<i16> = (0..).take(FEATURES.len()).map(|at: i16| (seed * 37 + at * 61) % 700).collect();
            let (start, parts) = parts(&amounts);
            let sum = start + parts.iter().map(|part| part.weight).sum::<f32>();
            assert!((sum - weight(&amounts)).abs() < 0.01, "{sum} {}", weight(&amounts));
        }
    }
}
