//! `maskinporten clients`: clients in Samarbeidsportalen.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{failure::Failure, self_service::SelfService};

/// Lists, shows, makes and deactivates clients in Samarbeidsportalen
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten clients list --settings admin.json
  maskinporten clients create my-client --client-scope altinn:serviceowner --settings admin.json
  maskinporten clients delete ID --yes --settings admin.json")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the clients that the admin client may see
    List {
        /// Those that are deactivated, too
        #[arg(long)]
        inactive: bool,
        #[command(flatten)]
        api: SelfService,
    },
    /// Shows a client, and its keys
    Show {
        /// The client's id
        id: String,
        #[command(flatten)]
        api: SelfService,
    },
    /// Makes a client, and prints its id
    Create {
        /// What it is called
        name: String,
        /// What it is for; other tools find their clients by it. Else its name
        #[arg(long)]
        description: Option<String>,
        /// A scope; repeat it, or put spaces between several
        #[arg(long = "client-scope", value_name = "SCOPE", required = true)]
        scopes: Vec<String>,
        #[command(flatten)]
        api: SelfService,
    },
    /// Deactivates a client. It cannot be made active again here
    Delete {
        /// The client's id
        id: String,
        /// Does it; else it is only said what would be done
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        api: SelfService,
    },
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::List { inactive, api } => {
            for client in api.connect().await?.clients(inactive).await? {
                println!("{}", line(&client));
            }
        }
        Command::Show { id, api } => {
            let api = api.connect().await?;
            let client = api.client(&id).await?;
            let keys = api.keys(&id).await?;
            let whole = json!({ "client": client, "keys": keys });
            println!("{whole:#}");
        }
        Command::Create {
            name,
            description,
            scopes,
            api,
        } => {
            let scopes: Vec<_> = scopes
                .iter()
                .flat_map(|scope| scope.split_whitespace())
                .collect();
            let order = json!({
                "integration_type": "maskinporten",
                "application_type": "web",
                "client_name": name,
                "description": description.as_ref().unwrap_or(&name),
                "token_endpoint_auth_method": "private_key_jwt",
                "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
                "scopes": scopes,
            });
            let client = api.connect().await?.create(&order).await?;
            println!("{}", text(&client, "client_id"));
        }
        Command::Delete { id, yes, api } => {
            let api = api.connect().await?;
            let client = api.client(&id).await?;
            if !yes {
                println!(
                    "{}\nwould be deactivated. Say --yes to do it.",
                    line(&client)
                );
                return Ok(());
            }
            api.deactivate(&id).await?;
            println!("deactivated: {id}");
        }
    }
    Ok(())
}

fn line(client: &Value) -> String {
    let scopes = client["scopes"].as_array().into_iter().flatten();
    let scopes: Vec<_> = scopes.filter_map(Value::as_str).collect();
    let active = if client["active"] == false {
        "  (inactive)"
    } else {
        ""
    };
    format!(
        "{}  {}  {}{active}",
        text(client, "client_id"),
        text(client, "client_name"),
        scopes.join(" ")
    )
}

fn text<'a>(client: &'a Value, member: &str) -> &'a str {
    client[member].as_str().unwrap_or("-")
}
