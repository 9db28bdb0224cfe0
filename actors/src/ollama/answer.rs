use serde_json::Value;

use super::error::Unusable;
use super::tokens::{Budget, TokenRange};

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its text; that it follows the schema is not certain.
    pub text: String,
    /// Whether it stopped because the model ran out of tokens.
    pub is_cut: bool,
    /// Tokens of the prompt that it has read, where the server reports them.
    pub prompt_tokens: Option<u32>,
    /// Tokens that it has written, where the server reports them.
    pub answer_tokens: Option<u32>,
    /// Time spent on loading the model first, in ms.
    pub load_ms: u64,
}

impl Answer {
    /// Reads the body of a chat response to a prompt of `prompt` tokens, and refuses one that only looks like a
    /// success. Nulls and floats in place of counts are taken as they are meant.
    pub(super) fn read(body: &Value, prompt: TokenRange, budget: Budget) -> Result<Self, Unusable> {
        let message = body.get("message").filter(|message| message.is_object());
        let message = message.ok_or(Unusable::UnknownShape)?;
        let text = |name: &str| match message.get(name) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(_) => Err(Unusable::UnknownShape),
        };
        let count = |name: &str| body.get(name).and_then(count);
        let tokens = |name: &str| count(name).and_then(|count| u32::try_from(count).ok());
        let (prompt_tokens, answer_tokens) = (tokens("prompt_eval_count"), tokens("eval_count"));
        if let Some(evaluated) = prompt_tokens
            && was_cut(evaluated, answer_tokens.unwrap_or(0), prompt, budget)
        {
            return Err(Unusable::CutPrompt { evaluated });
        }
        let (content, thinking) = (text("content")?, text("thinking").unwrap_or_default());
        if content.trim().is_empty() {
            let thought = !thinking.trim().is_empty();
            return Err(if thought {
                Unusable::OnlyThoughts
            } else {
                Unusable::Empty
            });
        }
        Ok(Self {
            text: content.to_owned(),
            is_cut: body.get("done_reason").and_then(Value::as_str) == Some("length"),
            prompt_tokens,
            answer_tokens,
            load_ms: count("load_duration").unwrap_or_default() / 1_000_000,
        })
    }
}

/// A whole number, also where it is written as a float.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn count(value: &Value) -> Option<u64> {
    let float = || value.as_f64().filter(|float| (0.0..1e18).contains(float));
    value.as_u64().or_else(|| float().map(|float| float as u64))
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
    use serde_json::json;

    use super::*;

    #[test]
    fn nulls_and_floats_in_the_envelope_are_fine() {
        let body = json!({
            "message": {"role": "assistant", "content": "{}", "thinking": null, "images": null},
            "done_reason": null, "prompt_eval_count": 700.0, "eval_count": null, "load_duration": 2.5e6,
        });
        let prompt = TokenRange {
            at_least: 100,
            at_most: 900,
        };
        let answer = Answer::read(&body, prompt, Budget::of(8192)).unwrap();
        let expected = Answer {
            text: "{}".to_owned(),
            is_cut: false,
            prompt_tokens: Some(700),
            answer_tokens: None,
            load_ms: 2,
        };
        assert_eq!(answer, expected);
    }

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
    fn a_cut_prompt_is_recognised_by_the_count(
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
