//! The same request, without a token, with reqwest in place of hyper's client.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let url = std::env::args().nth(1).unwrap_or_default();
    let response = reqwest::get(url).await?;
    println!("{}", response.status());
    Ok(())
}
