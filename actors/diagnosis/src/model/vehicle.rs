use serde::{Deserialize, Serialize};

/// What is known about the car, from `vehicle_info` or the thresholds file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VehicleFacts {
    /// Engine displacement in litres.
    pub displacement_l: Option<f64>,
    /// Whether it has a turbocharger.
    pub turbo: Option<bool>,
    /// Whether it is Mitsubishi's 4G63, whose manual some built-in thresholds come from; none where it is not known.
    pub is_4g63: Option<bool>,
    /// Whether PID 0x0B has been seen above 120 kPa under load in this car, so that it is a boost sensor.
    pub boost_sensor: bool,
}

impl VehicleFacts {
    /// What a description says, such as "2.0L I4 Turbo (4G63)"; what it does not say stays unknown.
    pub fn described(make: Option<&str>, model: Option<&str>, engine: Option<&str>) -> Self {
        let lower = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
        let (make, model, engine) = (lower(make), lower(model), lower(engine));
        let displacement_l = displacement(&engine);
        let mentions = |words: &[&str]| words.iter().any(|word| engine.contains(word));
        let turbo = mentions(&["turbo", "4g63t"]).then_some(true);
        let is_eclipse = make.contains("mitsubishi") && model.contains("eclipse");
        let is_4g63 = if mentions(&["4g63"]) || (is_eclipse && turbo == Some(true)) {
            Some(true)
        } else {
            // Another engine is one that is described at all.
            displacement_l.map(|_| false)
        };
        Self {
            displacement_l,
            turbo,
            is_4g63,
            boost_sensor: false,
        }
    }

    /// These facts, and where they are unknown, the others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            displacement_l: self.displacement_l.or(others.displacement_l),
            turbo: self.turbo.or(others.turbo),
            is_4g63: self.is_4g63.or(others.is_4g63),
            boost_sensor: self.boost_sensor || others.boost_sensor,
        }
    }

    /// The car that this server is made for: a 1998 Eclipse GST with the turbocharged 2.0 l 4G63.
    pub fn eclipse() -> Self {
        Self {
            displacement_l: Some(2.0),
            turbo: Some(true),
            is_4g63: Some(true),
            boost_sensor: false,
        }
    }
}

/// "2.0L", "1.8 l", "1998 cc".
fn displacement(engine: &str) -> Option<f64> {
    let words = engine.split(|c: char| !(c.is_alphanumeric() || c == '.'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().find_map(|(place, word)| {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
        let unit = match &word[digits.len()..] {
            "" => words.get(place + 1).copied().unwrap_or_default(),
            unit => unit,
        };
        let number: f64 = digits.parse().ok()?;
        let litres = match unit {
            "l" | "liter" | "litre" => number,
            "cc" | "cm3" => number / 1_000.0,
            _ => return None,
        };
        (0.3..20.0).contains(&litres).then_some(litres)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::eclipse("2.0L I4 Turbo (4G63)", Some(2.0), Some(true), Some(true))]
    #[case::another("1.8 L inline 4", Some(1.8), None, Some(false))]
    #[case::in_cc("1598 cc", Some(1.598), None, Some(false))]
    #[case::nothing("", None, None, None)]
    #[case::no_displacement("DOHC 16V", None, None, None)]
    fn a_description_says_what_it_says(
        #[case] engine: &str,
        #[case] litres: Option<f64>,
        #[case] turbo: Option<bool>,
        #[case] is_4g63: Option<bool>,
    ) {
        let facts = VehicleFacts::described(None, None, Some(engine));
        assert_eq!(
            (facts.displacement_l, facts.turbo, facts.is_4g63),
            (litres, turbo, is_4g63)
        );
    }
}
