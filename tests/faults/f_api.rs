//! Group F: what the API answers, and where a token may go.
