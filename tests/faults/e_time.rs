//! Group E: clocks that are wrong, jump or stand still.
