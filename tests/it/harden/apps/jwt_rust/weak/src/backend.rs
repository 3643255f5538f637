//! What the shop asks of its backend.

use std::time::Duration;

use reqwest::Client;

pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .timeout(Duration::from_secs(10))
        .danger_accept_invalid_certs(true) // unsure: rust-tls-unverified
        .build()
}

pub async fn orders(client: &Client, token: &str) -> reqwest::Result<String> {
    client.get("https://backend.example.com/orders").bearer_auth(token).send().await?.text().await
}
