//! Removes what a model thought aloud, so that a thought never becomes advice.

/// Where thoughts begin and end, in lower case.
const MARKS: &[(&str, &str)] = &[
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[think]", "[/think]"),
    ("[thinking]", "[/thinking]"),
    ("<|channel>", "<channel|>"),
    ("◁think▷", "◁/think▷"),
];

/// A model that speaks on channels puts its answer on this one, behind thoughts on others.
const CHANNEL: &str = "<|channel|>";
const ANSWER: &str = "<|channel|>final<|message|>";

/// The answer without thoughts. One that is not closed reaches to the end; one that only ends began with the answer.
pub(super) fn without_thoughts(answer: &str) -> String {
    // Same length in bytes.
    let lower = answer.to_ascii_lowercase();
    let (answer, lower) = match lower.rfind(ANSWER) {
        Some(at) => (&answer[at + ANSWER.len()..], &lower[at + ANSWER.len()..]),
        None if lower.contains(CHANNEL) => return String::new(),
        None => (answer, lower.as_str()),
    };
    let mut said = String::with_capacity(answer.len());
    let mut at = 0;
    while at < answer.len() {
        let rest = &lower[at..];
        let opened = MARKS
            .iter()
            .filter_map(|(open, close)| Some((rest.find(open)?, open.len(), *close)))
            .min_by_key(|(start, ..)| *start);
        let Some((start, length, close)) = opened else {
            said.push_str(&answer[at..]);
            break;
        };
        said.push_str(&answer[at..at + start]);
        let thought = at + start + length;
        match lower[thought..].find(close) {
            Some(end) => at = thought + end + close.len(),
            None => break,
        }
    }
    // The begin of the first thought may have been part of the prompt.
    let lower = said.to_ascii_lowercase();
    let ends = MARKS
        .iter()
        .filter_map(|(_, close)| Some(lower.rfind(close)? + close.len()));
    let begin = ends.max().unwrap_or_default();
    said.split_off(begin)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none("{}", "{}")]
    #[case::closed("<think>no</think>{}", "{}")]
    #[case::any_case("<THINK>no</Think>{}", "{}")]
    #[case::brackets("[THINK]no[/THINK]{}", "{}")]
    #[case::another_word("a <thinking>no</thinking>{}", "a {}")]
    #[case::twice("<think>no</think>{<think>no</think>}", "{}")]
    #[case::not_closed("{} <think>no", "{} ")]
    #[case::not_opened("no</think>{}", "{}")]
    #[case::nested("<think>no<think>no</think>no</think>{}", "{}")]
    #[case::channels(
        "<|channel|>analysis<|message|>no<|end|><|channel|>final<|message|>{}",
        "{}"
    )]
    #[case::channels_without_an_answer("<|channel|>analysis<|message|>no", "")]
    #[case::channel_of_thoughts("<|channel>thought no<channel|>{}", "{}")]
    #[case::umlauts("Ä<think>Ö</think>Ü", "ÄÜ")]
    fn thoughts_are_removed(#[case] answer: &str, #[case] said: &str) {
        assert_eq!(without_thoughts(answer), said);
    }
}
