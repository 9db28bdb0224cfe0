//! Finds the parameters that a sentence names.

use crate::analysis::statistics::ParameterStatistics;
use crate::analysis::statistics::limits::{KnownParameter, known_parameter, known_parameters};
use crate::analysis::statistics::units::{Dimension, Unit};

/// A place in a sentence where a parameter is named.
#[derive(Debug)]
pub(super) struct Mention<'a> {
    /// Where the name begins and ends, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
    /// What was measured of it: nothing, or one entry for each unit.
    pub(super) figures: Vec<&'a ParameterStatistics>,
}

impl<'a> Mention<'a> {
    /// The figures that a number of this dimension can be about.
    pub(super) fn measured(
        &self,
        dimension: Dimension,
    ) -> impl Iterator<Item = &'a ParameterStatistics> + '_ {
        self.figures
            .iter()
            .copied()
            .filter(move |figures| dimension_of(figures) == Some(dimension))
    }
}

/// The dimension of a parameter's readings: of their unit, or of its standard unit if they carry none.
fn dimension_of(figures: &ParameterStatistics) -> Option<Dimension> {
    let standard = || known_parameter(&figures.parameter).map(|known| known.unit);
    figures
        .unit
        .as_deref()
        .or_else(standard)
        .and_then(Unit::named)
        .map(Unit::dimension)
}

/// All parameters named in a sentence (lower case). Where names overlap the longest counts: "engine speed" is not
/// a mention of "speed". Parameters known by hearsay are found too, so that "oil temperature" is not taken for
/// another temperature; they have no figures.
pub(super) fn mentions<'a>(sentence: &str, figures: &'a [ParameterStatistics]) -> Vec<Mention<'a>> {
    let mut found: Vec<Mention<'a>> = Vec::new();
    for name in names(figures) {
        for (start, _) in sentence.match_indices(name.text.as_str()) {
            let end = start + name.text.len();
            if stands_alone(sentence, start, end) {
                found.push(Mention {
                    start,
                    end,
                    figures: name.figures.clone(),
                });
            }
        }
    }
    found.sort_by_key(|mention| {
        std::cmp::Reverse((mention.end - mention.start, mention.figures.len()))
    });
    let mut kept: Vec<Mention<'a>> = Vec::new();
    for mention in found {
        if kept
            .iter()
            .all(|other| mention.end <= other.start || other.end <= mention.start)
        {
            kept.push(mention);
        }
    }
    kept
}

struct Name<'a> {
    text: String,
    figures: Vec<&'a ParameterStatistics>,
}

/// What every measured and every known parameter may be called, in lower case.
fn names(figures: &[ParameterStatistics]) -> Vec<Name<'_>> {
    let mut names = Vec::new();
    for measured in figures {
        let spoken = known_parameter(&measured.parameter)
            .into_iter()
            .flat_map(every_name);
        let stored = measured.parameter.to_lowercase();
        let blanks = stored.replace('_', " ");
        for text in [stored, blanks].into_iter().chain(spoken) {
            match names
                .iter_mut()
                .find(|name: &&mut Name<'_>| name.text == text)
            {
                Some(name)
                    if name
                        .figures
                        .iter()
                        .any(|known| std::ptr::eq(*known, measured)) => {}
                Some(name) => name.figures.push(measured),
                None => names.push(Name {
                    text,
                    figures: vec![measured],
                }),
            }
        }
    }
    for text in known_parameters().iter().flat_map(every_name) {
        if names.iter().all(|name| name.text != text) {
            names.push(Name {
                text,
                figures: Vec::new(),
            });
        }
    }
    names.retain(|name| name.text.chars().any(char::is_alphabetic));
    names
}

fn every_name(known: &'static KnownParameter) -> impl Iterator<Item = String> {
    let stored = known.names.iter().map(|name| name.to_lowercase());
    let blanks = known
        .names
        .iter()
        .map(|name| name.to_lowercase().replace('_', " "));
    stored
        .chain(blanks)
        .chain(known.spoken.iter().map(|&name| name.to_owned()))
}

fn stands_alone(sentence: &str, start: usize, end: usize) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    !sentence[..start].ends_with(joins) && !sentence[end..].starts_with(joins)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;
    use crate::analysis::statistics::{Reading, StatisticsBuilder};

    fn measured(parameters: &[&str]) -> Vec<ParameterStatistics> {
        let mut builder = StatisticsBuilder::new();
        for parameter in parameters {
            builder.push(Reading {
                at: NaiveDateTime::default(),
                parameter,
                value: 1.0,
                unit: None,
            });
        }
        builder.finish().parameters
    }

    /// What is named, in the order of the sentence; `-` for a parameter without figures.
    fn named(sentence: &str, figures: &[ParameterStatistics]) -> Vec<String> {
        let mut mentions = mentions(sentence, figures);
        mentions.sort_by_key(|mention| mention.start);
        let name = |mention: &Mention<'_>| {
            mention
                .figures
                .first()
                .map_or("-".to_owned(), |f| f.parameter.clone())
        };
        mentions.iter().map(name).collect()
    }

    #[test]
    fn stored_and_spoken_names_are_found_and_words_that_merely_contain_them_are_not() {
        let figures = measured(&["COOLANT_TEMP", "SPEED", "MY_OWN_SENSOR"]);
        assert_eq!(
            named("coolant_temp rose with my own sensor", &figures),
            ["COOLANT_TEMP", "MY_OWN_SENSOR"]
        );
        assert_eq!(
            named("coolant temperature at vehicle speed", &figures),
            ["COOLANT_TEMP", "SPEED"]
        );
        assert_eq!(
            named("speeding, coolant_temps, my_own_sensor_2", &figures),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_longest_name_wins_and_hearsay_hides_a_shorter_one() {
        let figures = measured(&["SPEED", "LOAD"]);
        assert_eq!(named("engine speed and engine load", &figures), ["-", "-"]);
        assert_eq!(named("speed and load", &figures), ["SPEED", "LOAD"]);
    }
}
