//! Which requests can be sent a second time.

/// Makes a copy of a request's body, to send it once more after a 401. A function `&B -> Option<B>` is one; give it
/// to [`BearerAuthLayer::replaying`](crate::BearerAuthLayer::replaying).
pub trait Replay<B> {
    /// A copy of `body`, or `None` when it cannot be had: a stream is sent once.
    fn copy(&self, body: &B) -> Option<B>;
}

/// Replays nothing: the default.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NoReplay;

impl<B> Replay<B> for NoReplay {
    fn copy(&self, _: &B) -> Option<B> {
        None
    }
}

/// Replays bodies that are `Clone`, such as `http_body_util::Full`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReplayClones;

impl<B: Clone> Replay<B> for ReplayClones {
    fn copy(&self, body: &B) -> Option<B> {
        Some(body.clone())
    }
}

impl<B, F: Fn(&B) -> Option<B>> Replay<B> for F {
    fn copy(&self, body: &B) -> Option<B> {
        self(body)
    }
}
