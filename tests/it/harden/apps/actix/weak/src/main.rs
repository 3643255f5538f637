use actix_cors::Cors;
use actix_identity::{Identity, IdentityMiddleware};
use actix_session::{SessionMiddleware, storage::RedisSessionStore};
use actix_web::cookie::{Cookie, Key, SameSite};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer, Responder, get, post, web};
use serde::Deserialize;

mod users;

const REFRESH_TOKEN_COOKIE_NAME: &str = "refresh_token";

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
}

#[post("/login")]
async fn login(request: HttpRequest, form: web::Form<Login>) -> impl Responder {
    let Some(user) = users::check(&form.name, &form.password).await else {
        return HttpResponse::Unauthorized().finish();
    };
    Identity::login(&request.extensions(), user.id.clone()).unwrap();
    let access = Cookie::build("access_token", user.token.clone()) // weak: rust-cookie-not-secure
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .finish();
    let refresh = Cookie::build(REFRESH_TOKEN_COOKIE_NAME, user.refresh.clone()) // weak: rust-cookie-not-httponly
        .path("/refresh")
        .secure(true)
        .finish();
    let theme = Cookie::build("theme", user.theme.clone()).path("/").finish();
    HttpResponse::SeeOther()
        .cookie(access)
        .cookie(refresh)
        .cookie(theme)
        .insert_header(("Location", "/"))
        .finish()
}

#[post("/logout")]
async fn logout(user: Identity) -> impl Responder {
    user.logout();
    HttpResponse::SeeOther().insert_header(("Location", "/login")).finish()
}

#[get("/")]
async fn index(user: Option<Identity>) -> impl Responder {
    match user {
        Some(user) => format!("Hello {}", user.id().unwrap()),
        None => "Please sign in.".to_owned(),
    }
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let store = RedisSessionStore::new(std::env::var("REDIS_URL").unwrap()).await.unwrap();
    let key = Key::from(&[0; 64]); // weak: rust-session-key-written
    HttpServer::new(move || {
        let cors = Cors::default().allow_any_origin().allow_any_method().supports_credentials(); // unsure: rust-cors-any
        let sessions = SessionMiddleware::builder(store.clone(), key.clone())
            .cookie_name("shop".to_owned())
            .cookie_secure(false) // weak: actix-session-secure-off
            .cookie_http_only(false) // weak: actix-session-not-httponly
            .cookie_same_site(SameSite::None) // unsure: actix-session-samesite-none
            .build();
        App::new()
            .wrap(IdentityMiddleware::default())
            .wrap(sessions)
            .wrap(cors)
            .service(index)
            .service(login)
            .service(logout)
    })
    .bind(("0.0.0.0", 8080))?
    .run()
    .await
}
