//! What is true of a drive, by the figures alone.

use actors::diagnosis::{ChannelFigures, Diagnosis, EngineState};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statistic {
    Mean,
    Highest,
    Lowest,
    Median,
}

impl Statistic {
    pub(crate) const ALL: [Self; 4] = [Self::Mean, Self::Highest, Self::Lowest, Self::Median];
}

pub(crate) struct Truth<'a> {
    pub(crate) diagnosis: &'a Diagnosis,
}

impl<'a> Truth<'a> {
    pub(crate) fn new(diagnosis: &'a Diagnosis) -> Self {
        Self { diagnosis }
    }

    pub(crate) fn channels(&self, state: Option<EngineState>) -> &'a [ChannelFigures] {
        let figures = &self.diagnosis.figures;
        match state {
            None => &figures.channels,
            Some(state) => figures.state(state).map_or(&[], |state| &state.channels),
        }
    }

    pub(crate) fn channel(
        &self,
        name: &str,
        state: Option<EngineState>,
    ) -> Option<&'a ChannelFigures> {
        self.channels(state)
            .iter()
            .find(|figures| figures.channel == name)
    }

    pub(crate) fn value(
        &self,
        name: &str,
        state: Option<EngineState>,
        statistic: Statistic,
    ) -> Option<f64> {
        let figures = self.channel(name, state)?;
        Some(match statistic {
            Statistic::Mean => figures.mean,
            Statistic::Highest => figures.max,
            Statistic::Lowest => figures.min,
            Statistic::Median => figures.median,
        })
    }

    /// Every value that a careful reader may grant for the channel: of the statistic, or as evidence or limit.
    pub(crate) fn granted(
        &self,
        name: &str,
        state: Option<EngineState>,
        statistic: Option<Statistic>,
    ) -> Vec<f64> {
        let mut values = Vec::new();
        for statistic in Statistic::ALL
            .into_iter()
            .filter(|of| statistic.is_none_or(|wanted| wanted == *of))
        {
            values.extend(self.value(name, state, statistic));
        }
        // A sentence without a statistic may mean a percentile.
        if statistic.is_none()
            && let Some(figures) = self.channel(name, state)
        {
            values.extend([figures.p5, figures.p95]);
        }
        for evidence in self
            .diagnosis
            .findings
            .iter()
            .flat_map(|finding| &finding.evidence)
        {
            if evidence.channel.as_deref() == Some(name) {
                values.push(evidence.value);
                values.extend(evidence.threshold);
            }
        }
        values
    }
}
