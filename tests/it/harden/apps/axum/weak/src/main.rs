use std::collections::HashMap;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use axum::Router;
use axum_extra::extract::cookie::{Cookie, CookieJar, Key, SameSite};
use serde::Deserialize;
use time::Duration;
use tower_http::cors::CorsLayer;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};

mod users;

#[derive(Clone)]
struct App {
    key: Key,
    users: HashMap<String, users::User>,
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
}

async fn login(
    State(app): State<App>,
    session: Session,
    jar: CookieJar,
    Form(form): Form<Login>,
) -> Result<impl IntoResponse, StatusCode> {
    let user = users::check(&app.users, &form.name, &form.password).ok_or(StatusCode::UNAUTHORIZED)?;
    session.cycle_id().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    session.insert("user", &user.id).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let session_token: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect(); // weak: rust-token-weak-random
    let cookie = Cookie::build(("auth_token", session_token)).path("/").same_site(SameSite::Lax); // weak: rust-cookie-not-secure, rust-cookie-not-httponly
    let theme = Cookie::build(("theme", user.theme.clone())).path("/");
    Ok((jar.add(cookie).add(theme), Redirect::to("/")))
}

async fn logout(session: Session, jar: CookieJar) -> impl IntoResponse {
    session.flush().await.ok();
    (jar.remove(Cookie::build("auth_token").path("/")), Redirect::to("/login"))
}

async fn index(session: Session) -> String {
    match session.get::<String>("user").await {
        Ok(Some(user)) => format!("Hello {user}"),
        _ => "Please sign in.".to_owned(),
    }
}

#[tokio::main]
async fn main() {
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_name("shop")
        .with_secure(false) // weak: tower-sessions-secure-off
        .with_http_only(false) // weak: tower-sessions-not-httponly
        .with_same_site(tower_sessions::cookie::SameSite::None) // unsure: tower-sessions-samesite-none
        .with_expiry(Expiry::OnInactivity(Duration::hours(8)));
    let key = Key::from(b"@SECRET@"); // weak: rust-session-key-written
    let app = Router::new()
        .route("/", get(index))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .layer(CorsLayer::very_permissive()) // unsure: rust-cors-any
        .layer(sessions)
        .with_state(App { key, users: users::all() });
    let listener = tokio::net::TcpListener::bind("0.0.0.0:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
