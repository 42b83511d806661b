//! What is measured, and one thread's share in it.

/// One thread's share in a subject.
pub trait Worker: Send {
    /// Sends this many requests, and tells how many headers they had when they were sent.
    fn run(&mut self, operations: u64) -> usize;
}

/// A way to put a token on requests.
pub struct Subject {
    pub name: &'static str,
    /// Gives each thread its own share; what they share is part of what is measured.
    pub fork: Box<dyn Fn() -> Box<dyn Worker>>,
}

impl Subject {
    pub fn new<W: Worker + 'static>(name: &'static str, fork: impl Fn() -> W + 'static) -> Self {
        let fork = move || Box::new(fork()) as Box<dyn Worker>;
        Self {
            name,
            fork: Box::new(fork),
        }
    }

    /// Sees that requests go out with `headers` headers, each of them; what does nothing costs nothing.
    ///
    /// # Panics
    ///
    /// When they do not.
    pub fn proven(self, headers: usize) -> Self {
        assert_eq!((self.fork)().run(16), 16 * headers, "{}", self.name);
        self
    }
}
