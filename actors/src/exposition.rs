//! Metrics as Prometheus reads them everywhere: its text format, version 0.0.4.
//!
//! The library writes `OpenMetrics`, where a counter's name lacks `_total` in its header. A reader of the older format
//! would take that for another metric.

use std::fmt::Write as _;

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;

/// The media type of [`text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of a registry with their present values.
pub fn text(registry: &Registry) -> String {
    let mut open_metrics = String::new();
    match encode_registry(&mut open_metrics, registry) {
        Ok(()) => of_open_metrics(&open_metrics),
        Err(error) => {
            log::error!("metrics cannot be written cause={error:?}");
            String::new()
        }
    }
}

fn of_open_metrics(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            // The name may be another one: the type, on the next line, tells.
            (Some("#"), Some("HELP"), Some(_), Some(words)) => help = Some(words),
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let total = if kind == "counter" { "_total" } else { "" };
                if let Some(help) = help.take() {
                    let _ = writeln!(text, "# HELP {name}{total} {help}");
                }
                let _ = writeln!(text, "# TYPE {name}{total} {kind}");
            }
            (Some("#"), ..) => {}
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::gauge::Gauge;

    use super::*;

    #[test]
    fn a_counter_has_its_whole_name_in_its_header() {
        let mut registry = Registry::with_prefix("eclipse_ai");
        let batches = Family::<[(&str, String); 1], Counter>::default();
        registry.register("batches", "Batches taken in", batches.clone());
        registry.register("busy", "Whether it is busy", Gauge::<i64>::default());
        let stored = [("outcome", "stored\"\n".to_owned())];
        batches.get_or_create(&stored).inc();
        let expected = "\
# HELP eclipse_ai_batches_total Batches taken in.
# TYPE eclipse_ai_batches_total counter
eclipse_ai_batches_total{outcome=\"stored\\\"\\n\"} 1
# HELP eclipse_ai_busy Whether it is busy.
# TYPE eclipse_ai_busy gauge
eclipse_ai_busy 0
";
        assert_eq!(text(&registry), expected);
    }
}
