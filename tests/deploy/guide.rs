use std::fs;

use super::repository;

#[test]
fn the_setup_guide_has_a_section_for_every_step() {
    let guide = fs::read_to_string(repository("docs/setup-guide.md")).unwrap();
    let sections: Vec<&str> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    for section in [
        "Prerequisites",
        "OS package installation",
        "Installation",
        "MySQL",
        "Ollama",
        ".env",
        "Firewall",
        "Verification",
        "Troubleshooting",
    ] {
        assert!(sections.contains(&section), "{section} in {sections:?}");
    }
}
