use serde::Deserialize;
use serde_json::Value;

use super::error::Unusable;
use super::tokens::{Budget, TokenRange};

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its text; that it follows the schema is not certain.
    pub text: String,
    /// Tokens of the prompt that it has read, where the server tells.
    pub prompt_tokens: Option<u32>,
    /// Tokens that it has written, where the server tells.
    pub answer_tokens: Option<u32>,
    /// Time spent on loading the model first, in ms.
    pub load_ms: u64,
}

#[derive(Deserialize)]
struct ChatResponse {
    message: Message,
    done_reason: Option<String>,
    prompt_eval_count: Option<u32>,
    eval_count: Option<u32>,
    /// Nanoseconds.
    #[serde(default)]
    load_duration: u64,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: String,
    #[serde(default)]
    thinking: String,
}

impl Answer {
    /// Reads the body of a chat response to a prompt of `prompt` tokens, and refuses one that only looks like a
    /// success.
    pub(super) fn read(body: Value, prompt: TokenRange, budget: Budget) -> Result<Self, Unusable> {
        let response: ChatResponse =
            serde_json::from_value(body).map_err(|_| Unusable::UnknownShape)?;
        if response.done_reason.as_deref() == Some("length") {
            return Err(Unusable::CutAnswer);
        }
        if let Some(evaluated) = response.prompt_eval_count {
            let written = response.eval_count.unwrap_or(0);
            if was_cut(evaluated, written, prompt, budget) {
                return Err(Unusable::CutPrompt { evaluated });
            }
        }
        let Message { content, thinking } = response.message;
        if content.trim().is_empty() {
            let thought = !thinking.trim().is_empty();
            return Err(if thought {
                Unusable::OnlyThoughts
            } else {
                Unusable::Empty
            });
        }
        Ok(Self {
            text: content,
            prompt_tokens: response.prompt_eval_count,
            answer_tokens: response.eval_count,
            load_ms: response.load_duration / 1_000_000,
        })
    }
}

/// No real context is smaller. Lower counts prove nothing: old servers count only what was not in their cache.
const SMALLEST_CONTEXT: u32 = 1024;

/// Whether `evaluated` tokens are a sign that a part of the prompt never reached the model.
///
/// A prompt that is too long for the context is cut to just that context (older servers) or to half of it and two
/// tokens (newer ones). The context may be smaller than the one asked for: models have limits of their own.
fn was_cut(evaluated: u32, written: u32, prompt: TokenRange, budget: Budget) -> bool {
    // The context is full: if not at the start, then while writing, by shifting the prompt out.
    if evaluated.saturating_add(written) >= budget.context {
        return true;
    }
    if evaluated < SMALLEST_CONTEXT {
        return false;
    }
    let fills_a_context = evaluated.is_power_of_two() || (evaluated - 2).is_power_of_two();
    evaluated < prompt.at_least || (fills_a_context && evaluated < prompt.at_most)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::normal(700, 200, false)]
    #[case::fills_the_context(8192, 0, true)]
    #[case::filled_while_writing(7000, 1192, true)]
    #[case::cut_to_a_smaller_context(2048, 100, true)]
    #[case::cut_to_half_of_a_smaller_context(2050, 100, true)]
    #[case::fewer_than_the_prompt_has_at_least(1499, 100, true)]
    #[case::as_many_as_the_prompt_has_at_least(1500, 100, false)]
    #[case::mostly_cached(40, 100, false)]
    #[case::a_context_that_the_prompt_cannot_fill(4096, 100, false)]
    fn a_cut_prompt_is_told_by_the_count(
        #[case] evaluated: u32,
        #[case] written: u32,
        #[case] cut: bool,
    ) {
        let prompt = TokenRange {
            at_least: 1500,
            at_most: 3900,
        };
        assert_eq!(was_cut(evaluated, written, prompt, Budget::of(8192)), cut);
    }
}
