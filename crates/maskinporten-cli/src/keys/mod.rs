//! `maskinporten keys`: the keys of clients, in files that `altinn-jwks` reads and writes too.

mod create;
mod environment;
mod expiry;
mod export;
mod import;
mod jwk;
mod key_set;
mod list;
mod pkcs12;
mod registered;
mod rotate;
mod rsa;
mod store;

use std::mem;

use clap::{Args, Subcommand};

use self::{
    create::Create,
    expiry::Expiry,
    export::Export,
    import::Import,
    list::List,
    registered::{Add, Remove},
    rotate::Rotate,
    store::Store,
};
use crate::failure::Failure;

/// Makes, lists, exports, imports, registers and replaces keys; its files are those of `altinn-jwks`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten keys create my-client --env test,prod
  maskinporten keys export key my-client --env test --base64
  maskinporten keys add my-client --client ID --settings admin.json
  maskinporten keys rotate my-client --client ID --hand-to client.jwk --settings admin.json
  maskinporten keys expiry --within 30")]
pub(crate) struct Arguments {
    #[command(flatten)]
    at: At,
    #[command(subcommand)]
    command: Command,
}

// It may stand before the command or after it.
#[derive(Debug, Args)]
struct At {
    /// The directory that keys are kept in; else that of $ALTINN_JWK_STORE; else the present one
    #[arg(short, long, value_name = "DIRECTORY")]
    store: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
    List(List),
    Export(Export),
    Import(Import),
    Expiry(Expiry),
    Add(Box<Add>),
    Remove(Box<Remove>),
    Rotate(Box<Rotate>),
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { at, mut command } = arguments;
    let after = match &mut command {
        Command::Create(create) => create.store(),
        Command::List(List { at }) => mem::take(&mut at.store),
        Command::Export(export) => mem::take(&mut export.at.store),
        Command::Import(import) => mem::take(&mut import.at.store),
        Command::Expiry(expiry) => mem::take(&mut expiry.at.store),
        Command::Add(add) => mem::take(&mut add.at.store),
        Command::Remove(remove) => mem::take(&mut remove.at.store),
        Command::Rotate(rotate) => mem::take(&mut rotate.at.store),
    };
    let mut stores = at.store.into_iter().chain(after);
    let store = stores.next();
    if stores.next().is_some() {
        return Err(Failure::new("Only one store can be specified"));
    }
    let store = Store::open(store.as_deref())?;
    match command {
        Command::Create(create) => create.run(&store),
        Command::List(_) => list::run(&store),
        Command::Export(export) => export.run(&store),
        Command::Import(import) => import.run(&store),
        Command::Expiry(expiry) => expiry.run(&store),
        Command::Add(add) => add.run(&store).await,
        Command::Remove(remove) => remove.run().await,
        Command::Rotate(rotate) => rotate.run(&store).await,
    }
}
