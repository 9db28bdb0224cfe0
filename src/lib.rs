//! The HTTP side, the settings and the wiring of eclipse-ai-server.
