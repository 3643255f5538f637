package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/github"

	"example.com/shop/internal/tokens"
	"example.com/shop/internal/users"
)

const sessionCookie = "session_id"

var login = template.Must(template.ParseFiles("login.html"))

var config = &oauth2.Config{
	ClientID:     os.Getenv("GITHUB_ID"),
	ClientSecret: os.Getenv("GITHUB_SECRET"),
	Endpoint:     github.Endpoint,
	RedirectURL:  "https://shop.example.com/callback",
	Scopes:       []string{"read:user"},
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", showLogin)
	mux.HandleFunc("POST /login", doLogin)
	mux.HandleFunc("GET /login/github", startGitHub)
	mux.HandleFunc("POST /logout", doLogout)
	mux.HandleFunc("GET /orders", orders)
	log.Fatal(http.ListenAndServeTLS(":8443", "cert.pem", "key.pem", mux))
}

func showLogin(w http.ResponseWriter, r *http.Request) {
	if err := login.Execute(w, nil); err != nil {
		log.Print(err)
	}
}

func doLogin(w http.ResponseWriter, r *http.Request) {
	user, err := users.Check(r.PostFormValue("name"), r.PostFormValue("password"))
	if err != nil {
		http.Error(w, "wrong name or password", http.StatusUnauthorized)
		return
	}
	http.SetCookie(w, &http.Cookie{ // weak: go-cookie-not-secure
		Name:     "access_token",
		Value:    tokens.Issue(user),
		Path:     "/",
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
	http.SetCookie(w, &http.Cookie{ // weak: go-cookie-not-httponly unsure: go-cookie-samesite-none
		Name:     "refresh_token",
		Value:    tokens.Refresh(user),
		Path:     "/refresh",
		Secure:   true,
		SameSite: http.SameSiteNoneMode,
	})
	http.SetCookie(w, &http.Cookie{ // weak: go-cookie-not-secure, go-cookie-not-httponly
		Name:  sessionCookie,
		Value: users.NewSession(user),
	})
	http.SetCookie(w, &http.Cookie{ // weak: go-cookie-prefix
		Name:     "__Host-sid",
		Value:    users.NewSession(user),
		Path:     "/shop",
		Secure:   true,
		HttpOnly: true,
	})
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: user.Theme})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func startGitHub(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, config.AuthCodeURL("state", oauth2.AccessTypeOffline), http.StatusFound) // unsure: go-oauth-state-fixed
}

func byPassword(ctx context.Context, name, password string) (*oauth2.Token, error) {
	return config.PasswordCredentialsToken(ctx, name, password) // unsure: go-oauth-password
}

func orders(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("access_token") // unsure: go-token-query
	client := &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // unsure: go-tls-unverified
		},
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "https://backend.example.com/orders", nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	_ = json.NewEncoder(w).Encode(answer.StatusCode)
}

func doLogout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "access_token", Value: "", Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
