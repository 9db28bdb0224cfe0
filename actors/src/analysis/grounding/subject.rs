//! What a number is about: one channel, or one of several where the words leave it open.

use crate::diagnosis::channels::Channel;
use crate::diagnosis::channels::names::meaning;
use crate::diagnosis::units::{Dimension, Unit};

/// A set of channels, with some figures that have no channel of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Subject(u64);

impl Subject {
    /// Nothing that is measured.
    pub(super) const NONE: Self = Self(0);
    /// Short- and long-term trim together.
    pub(super) const TRIM_SUM: Self = Self(1 << 40);
    /// How sure a finding is.
    pub(super) const CONFIDENCE: Self = Self(1 << 41);
    /// How far the car was driven.
    pub(super) const DISTANCE: Self = Self(1 << 42);
    /// Named, and not among the channels that the server knows.
    pub(super) const UNKNOWN: Self = Self(1 << 43);

    pub(super) fn of(channel: Channel) -> Self {
        Self(channel.bit())
    }

    /// The channel with this name or alias.
    pub(super) fn named(name: &str) -> Option<Self> {
        meaning(name, None).map(|meaning| Self::of(meaning.channel))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Every channel that is measured in this dimension.
    pub(super) fn measured_in(dimension: Dimension) -> Self {
        let fits = |channel: &Channel| {
            Unit::named(channel.unit()).is_some_and(|unit| unit.dimension() == dimension)
        };
        let mut all = Channel::all()
            .filter(fits)
            .fold(Self::NONE, |all, channel| all.or(Self::of(channel)));
        if dimension == Dimension::Share {
            all = all.or(Self::TRIM_SUM).or(Self::CONFIDENCE);
        }
        if dimension == Dimension::HeatingRate {
            all = all.or(Self::of(Channel::Coolant));
        }
        if dimension == Dimension::Distance {
            all = all.or(Self::DISTANCE);
        }
        all
    }

    /// What an objection calls it.
    pub(super) fn label(self) -> &'static str {
        if self == Self::TRIM_SUM {
            return "sum of the fuel trims";
        }
        let mut channels = Channel::all().filter(|channel| self.meets(Self::of(*channel)));
        match (channels.next(), channels.next()) {
            (Some(channel), None) => channel.label(),
            _ => "drive",
        }
    }
}
