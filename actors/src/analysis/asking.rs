//! Puts a diagnosed drive to the model and reads its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::advice::Review;
use super::compute::Computed;
use super::device_events::DeviceEvents;
use super::model_error::ModelError;
use super::prompt::{self, Drive, Prompt};
use super::recommendations::{self, NoRecommendation, Recommendation, answer_schema};
use super::service::AnalysisService;
use super::subject::Subject;
use crate::causes;
use crate::ollama::tokens::Budget;
use crate::ollama::{Answer, OllamaError, Question, Unusable};
use crate::runtime::blocking;

/// A diagnosed subject, about which the model is asked.
pub(super) struct Asking<'a> {
    pub service: &'a AnalysisService,
    pub subject: &'a Subject,
    pub computed: &'a Computed,
    pub events: &'a DeviceEvents,
    /// The analysis's id.
    pub id: &'a str,
}

/// A question that was answered.
struct Asked {
    budget: Budget,
    prompt: Prompt,
    answer: Answer,
}

impl Asking<'_> {
    /// What the model recommends, in the order in which it is answered.
    pub(super) async fn recommend(&self) -> Result<Vec<Recommendation>, ModelError> {
        let asked = Instant::now();
        let Asked {
            budget,
            prompt,
            answer,
        } = self.ask().await?;
        let took = asked.elapsed();
        let is_cut = answer.is_cut;
        let found = parse(answer).await;
        // Of a cut answer, whole recommendations count; without one it says nothing.
        if is_cut && found.as_ref().map_or(0, Vec::len) == 0 {
            let cut = Unusable::CutAnswer.into();
            return Err(ModelError::of_ollama(cut, &self.service.ollama));
        }
        let found = found?;
        let review = Arc::new(Review::new(
            self.computed.diagnosis.clone(),
            &self.events.lines(),
            &format!("{}\n{}", prompt.system, prompt.user),
        ));
        let (found, objections) = reviewed(&review, found).await;
        let rest = self.service.time_limit.saturating_sub(asked.elapsed());
        let found = if objections.is_empty() || rest < took {
            found
        } else {
            log::info!(
                analysis = self.id, objections = objections.len();
                "model is asked again: its answer has numbers that cannot be traced"
            );
            let (_, answer) = self.ask_within(budget, &objections, rest).await;
            self.better(&review, found, &objections, answer).await
        };
        Ok(blocking(move || review.settle(found)).await)
    }

    /// The first recommendations, or those of a second answer if there is no more to object to them.
    async fn better(
        &self,
        review: &Arc<Review>,
        first: Vec<Recommendation>,
        objections: &[String],
        answer: Result<Answer, OllamaError>,
    ) -> Vec<Recommendation> {
        let second = match answer {
            Ok(answer) => parse(answer).await.unwrap_or_default(),
            Err(error) => {
                log::warn!(analysis = self.id, error = causes(&error); "no second answer");
                Vec::new()
            }
        };
        let (second, left) = reviewed(review, second).await;
        if second.is_empty() || left.len() > objections.len() {
            first
        } else {
            second
        }
    }

    /// Asks; once more with half the data where the model's own context is smaller than the one it was to have.
    async fn ask(&self) -> Result<Asked, ModelError> {
        let AnalysisService {
            ollama,
            budget,
            time_limit,
            ..
        } = self.service;
        let asked = Instant::now();
        let mut budget = *budget;
        let (prompt, answer) = match self.ask_within(budget, &[], *time_limit).await {
            (_, Err(OllamaError::Unusable(Unusable::CutPrompt { evaluated }))) => {
                log::warn!(
                    analysis = self.id, tokens = evaluated;
                    "the model has read a part of the prompt only: a shorter one follows"
                );
                let rest = time_limit.saturating_sub(asked.elapsed());
                budget = budget.with_shorter_prompt();
                self.ask_within(budget, &[], rest).await
            }
            asked => asked,
        };
        let answer = answer.map_err(|error| match error {
            // Of both attempts together.
            OllamaError::TimedOut { .. } => ModelError::TimedOut { limit: *time_limit },
            error => ModelError::of_ollama(error, ollama),
        })?;
        log::debug!(
            analysis = self.id, prompt_tokens:? = answer.prompt_tokens, answer_tokens:? = answer.answer_tokens,
            load_ms = answer.load_ms;
            "model answered"
        );
        Ok(Asked {
            budget,
            prompt,
            answer,
        })
    }

    /// `objections` are those to an earlier answer.
    async fn ask_within(
        &self,
        budget: Budget,
        objections: &[String],
        limit: Duration,
    ) -> (Prompt, Result<Answer, OllamaError>) {
        let diagnosis = &self.computed.diagnosis;
        let drive = Drive {
            vehicle: self.computed.vehicle.as_ref(),
            start: self.subject.start,
            diagnosis,
            events: self.events,
            parameters: self.subject.parameters.as_deref(),
            focus_areas: &self.subject.focus_areas,
        };
        let prompt = prompt::compose(&drive, objections, budget);
        let question = Question {
            system: &prompt.system,
            user: &prompt.user,
            tokens: prompt.tokens,
            schema: &answer_schema(&diagnosis.rules_with_findings()),
        };
        let answer = self.service.ollama.chat(&question, budget, limit).await;
        (prompt, answer)
    }
}

async fn parse(answer: Answer) -> Result<Vec<Recommendation>, NoRecommendation> {
    blocking(move || recommendations::parse(&answer.text)).await
}

/// The same recommendations, and what is objected to them.
async fn reviewed(
    review: &Arc<Review>,
    found: Vec<Recommendation>,
) -> (Vec<Recommendation>, Vec<String>) {
    let review = Arc::clone(review);
    blocking(move || {
        let objections = review.objections(&found);
        (found, objections)
    })
    .await
}
