//! Group G: panics, runtimes, shutdown, processes.
