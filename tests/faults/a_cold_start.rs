//! Group A: cold starts, many callers at once, callers that give up.
