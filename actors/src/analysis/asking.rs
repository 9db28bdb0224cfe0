//! Puts a diagnosed drive to the model and reads its answer.

use std::time::{Duration, Instant};

use super::advice;
use super::compute::Computed;
use super::device_events::DeviceEvents;
use super::model_error::ModelError;
use super::prompt::{self, Drive};
use super::recommendations::grounding::{figures_of, is_grounded};
use super::recommendations::{self, Recommendation, answer_schema};
use super::service::AnalysisService;
use super::subject::Subject;
use crate::diagnosis::Diagnosis;
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

impl Asking<'_> {
    /// What the model recommends, in the order in which it is answered.
    pub(super) async fn recommend(&self) -> Result<Vec<Recommendation>, ModelError> {
        let ollama = &self.service.ollama;
        let answer = self.ask().await?;
        log::debug!(
            analysis = self.id, prompt_tokens:? = answer.prompt_tokens, answer_tokens:? = answer.answer_tokens,
            load_ms = answer.load_ms;
            "model answered"
        );
        let (is_cut, text) = (answer.is_cut, answer.text);
        let diagnosis = self.computed.diagnosis.clone();
        let found = blocking(move || read(&text, &diagnosis)).await;
        // Of a cut answer, whole recommendations count; without one it says nothing.
        if is_cut && found.as_ref().map_or(0, Vec::len) == 0 {
            return Err(ModelError::of_ollama(Unusable::CutAnswer.into(), ollama));
        }
        Ok(found?)
    }

    /// Asks; once more with half the data where the model's own context is smaller than the one it was to have.
    async fn ask(&self) -> Result<Answer, ModelError> {
        let AnalysisService {
            ollama,
            budget,
            time_limit,
            ..
        } = self.service;
        let asked = Instant::now();
        let answer = match self.ask_within(*budget, *time_limit).await {
            Err(OllamaError::Unusable(Unusable::CutPrompt { evaluated })) => {
                log::warn!(
                    analysis = self.id, tokens = evaluated;
                    "the model has read a part of the prompt only: a shorter one follows"
                );
                let rest = time_limit.saturating_sub(asked.elapsed());
                self.ask_within(budget.with_shorter_prompt(), rest).await
            }
            answer => answer,
        };
        answer.map_err(|error| match error {
            // Of both attempts together.
            OllamaError::TimedOut { .. } => ModelError::TimedOut { limit: *time_limit },
            error => ModelError::of_ollama(error, ollama),
        })
    }

    async fn ask_within(&self, budget: Budget, limit: Duration) -> Result<Answer, OllamaError> {
        let diagnosis = &self.computed.diagnosis;
        let drive = Drive {
            vehicle: self.computed.vehicle.as_ref(),
            start: self.subject.start,
            diagnosis,
            events: self.events,
            parameters: self.subject.parameters.as_deref(),
            focus_areas: &self.subject.focus_areas,
        };
        let prompt = prompt::compose(&drive, budget);
        let question = Question {
            system: &prompt.system,
            user: &prompt.user,
            tokens: prompt.tokens,
            schema: &answer_schema(&diagnosis.rules_with_findings()),
        };
        self.service.ollama.chat(&question, budget, limit).await
    }
}

/// The recommendations of an answer, checked against the diagnosis.
fn read(
    answer: &str,
    diagnosis: &Diagnosis,
) -> Result<Vec<Recommendation>, recommendations::NoRecommendation> {
    let mut found = recommendations::parse(answer)?;
    let figures = figures_of(&diagnosis.figures);
    for recommendation in &mut found {
        recommendation.grounded = is_grounded(&recommendation.recommendation, &figures);
    }
    Ok(advice::settle(found, &diagnosis.findings))
}
