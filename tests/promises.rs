//! One file per promise. They are one program, because each more would be linked once more: what has global effects, or counts
//! what a process has, is beside it.

mod assertion;
mod broken_clients;
mod certificates;
mod cold_start;
mod correspondence;
mod exchange;
mod identity;
mod key_numbers;
mod keys;
mod matrix;
mod origins;
mod outage;
mod redirects;
mod refusals;
mod reload;
mod rotation;
mod security;
mod settings;
mod settings_certificates;
mod settings_files;
mod settings_keys;
mod settings_watch;
mod settings_watch_keys;
mod system_users;
