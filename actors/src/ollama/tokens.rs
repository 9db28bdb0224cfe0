//! How many tokens a text costs, without the model's tokenizer.
//!
//! Tokenizers differ, so the answer is a range. Its upper end plans: most tokenizers spend one token on each
//! digit and sign, and a short word rarely costs more than one for two letters. Its lower end convicts: no
//! common tokenizer puts two words, a word and a number, or more than three digits into one token, so an
//! `evaluated` count below it means that a part of the prompt never reached the model.

use std::ops::Add;

/// Tokens that a text surely needs, and those that it needs at most (as good as surely).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenRange {
    /// No tokenizer needs fewer.
    pub at_least: u32,
    /// Hardly any tokenizer needs more.
    pub at_most: u32,
}

impl Add for TokenRange {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            at_least: self.at_least.saturating_add(other.at_least),
            at_most: self.at_most.saturating_add(other.at_most),
        }
    }
}

/// The range for `text`.
pub fn estimate(text: &str) -> TokenRange {
    let mut range = TokenRange::default();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        let kind = Kind::of(first);
        let mut run = 1_u32;
        let mut bytes = size(first);
        while let Some(next) = chars.next_if(|next| Kind::of(*next) == kind) {
            run += 1;
            bytes += size(next);
        }
        range = range
            + match kind {
                Kind::Letters => TokenRange {
                    at_least: 1,
                    at_most: run.div_ceil(2),
                },
                Kind::Digits => TokenRange {
                    at_least: run.div_ceil(3),
                    at_most: run,
                },
                // A blank belongs to the word that follows it.
                Kind::Blank => TokenRange {
                    at_least: 0,
                    at_most: run - 1 + u32::from(needs_own_token(chars.peek())),
                },
                Kind::Other => TokenRange {
                    at_least: 0,
                    at_most: bytes,
                },
            };
    }
    range
}

/// How a context of `num_ctx` tokens is divided: the part for the answer, the part for the prompt, and an
/// eighth in reserve (chat template, errors of the estimate).
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// `num_ctx`: the whole context.
    pub context: u32,
    /// `num_predict`: tokens for the answer.
    pub answer: u32,
    /// Tokens for the prompt.
    pub prompt: u32,
}

impl Budget {
    /// Below this a prompt has no room for figures.
    pub const MIN_CONTEXT: u32 = 2048;

    /// Divides a context of `num_ctx` tokens, [`Self::MIN_CONTEXT`] at least.
    pub fn of(num_ctx: u32) -> Self {
        let context = num_ctx.max(Self::MIN_CONTEXT);
        let answer = (context / 4).clamp(512, 2048);
        Self {
            context,
            answer,
            prompt: context - context / 8 - answer,
        }
    }

    /// The same context with half the prompt: for a model whose own context is smaller than `num_ctx` and that
    /// has cut the longer one.
    #[must_use]
    pub fn with_shorter_prompt(self) -> Self {
        Self {
            prompt: (self.prompt / 2).max(Self::of(Self::MIN_CONTEXT).prompt),
            ..self
        }
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Letters,
    Digits,
    Blank,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' => Self::Letters,
            '0'..='9' => Self::Digits,
            ' ' => Self::Blank,
            _ => Self::Other,
        }
    }
}

fn needs_own_token(next: Option<&char>) -> bool {
    next.is_none_or(|next| !next.is_ascii_alphabetic())
}

fn size(c: char) -> u32 {
    u32::try_from(c.len_utf8()).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_cost_one_token_each_at_most_and_a_third_at_least() {
        assert_eq!(
            estimate("1234"),
            TokenRange {
                at_least: 2,
                at_most: 4
            }
        );
        assert_eq!(
            estimate("3.14"),
            TokenRange {
                at_least: 2,
                at_most: 4
            }
        );
    }

    #[test]
    fn a_sentence_costs_its_words_at_least_and_its_letters_halved_at_most() {
        let range = estimate("The coolant is hot.");
        assert_eq!(
            range,
            TokenRange {
                at_least: 4,
                at_most: 2 + 4 + 1 + 2 + 1
            }
        );
    }

    #[test]
    fn foreign_letters_count_as_bytes() {
        assert_eq!(estimate("°").at_most, 2);
        assert_eq!(estimate("温").at_most, 3);
    }

    #[test]
    fn prompt_and_answer_leave_an_eighth_of_the_context_free() {
        for num_ctx in [0, 2048, 4096, 8192, 131_072] {
            let budget = Budget::of(num_ctx);
            assert!(
                budget.prompt + budget.answer <= budget.context / 8 * 7,
                "{budget:?}"
            );
            assert!(budget.prompt >= 1024, "{budget:?}");
            assert!(budget.with_shorter_prompt().prompt >= 1024, "{budget:?}");
        }
    }

    proptest! {
        #[test]
        fn the_range_is_one_and_grows_with_the_text(text in any::<String>(), more in any::<String>()) {
            let range = estimate(&text);
            prop_assert!(range.at_least <= range.at_most);
            prop_assert!(range.at_most as usize <= text.len());
            let longer = estimate(&format!("{text}\n{more}"));
            prop_assert!(longer.at_most >= range.at_most);
        }
    }
}
