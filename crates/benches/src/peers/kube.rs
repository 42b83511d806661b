//! kube-client: its layer over a token file.

use kube_client::{Config, client::ConfigExt};
use tempfile::NamedTempFile;
use tower_layer::Layer;

use super::Peer;
use crate::harness::{Answers, Calls, Subject, token};

pub fn peer() -> Peer {
    let file = NamedTempFile::new().expect("there is a place for temporary files");
    std::fs::write(&file, token(0)).expect("it can be written");
    let mut config = Config::new("https://127.0.0.1".parse().expect("it is constant"));
    config.auth_info.token_file = Some(file.path().display().to_string());
    let layer = config
        .auth_layer()
        .expect("the file is there")
        .expect("there is a token");
    // Which is shared by what the layer makes, and read again every minute.
    let subject = Subject::new("kube-client `AuthLayer` (token file)", move || {
        let _keep = &file;
        Calls::new(layer.layer(Answers::<maskinporten::BoxError>::new()))
    });
    Peer::new(subject.proven(1))
}
