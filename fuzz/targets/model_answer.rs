//! Whatever a model writes, recommendations are in order and within their bounds.
#![no_main]

use actors::analysis::recommendations::{
    MAX_CATEGORY_CHARS, MAX_RECOMMENDATIONS, MAX_TEXT_CHARS, parse,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|answer: &str| {
    let Ok(recommendations) = parse(answer) else {
        return;
    };
    assert!(recommendations.len() <= MAX_RECOMMENDATIONS);
    for (one, rank) in recommendations.iter().zip(1..) {
        assert_eq!(one.rank, rank);
        assert!((0.0..=1.0).contains(&one.confidence), "{one:?}");
        assert!(one.recommendation.chars().count() <= MAX_TEXT_CHARS);
        assert!(one.category.chars().count() <= MAX_CATEGORY_CHARS);
        assert!(!one.recommendation.trim().is_empty());
        assert!(!one.recommendation.contains(['\n', '\r']), "{one:?}");
    }
});
