//! The same request, with kube-client in place of hyper's client.

use kube_client::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let client = Client::try_default().await?;
    let url = std::env::args().nth(1).unwrap_or_default();
    let text = client.request_text(http::Request::get(url).body(Vec::new())?).await?;
    println!("{text}");
    Ok(())
}
