package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"os"
	"strings"
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
	http.SetCookie(w, &http.Cookie{
		Name:     "access_token",
		Value:    tokens.Issue(user),
		Path:     "/",
		HttpOnly: true,
		Secure:   true,
		SameSite: http.SameSiteLaxMode,
	})
	http.SetCookie(w, &http.Cookie{
		Name:     "refresh_token",
		Value:    tokens.Refresh(user),
		Path:     "/refresh",
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
	http.SetCookie(w, &http.Cookie{
		Name:     sessionCookie,
		Value:    users.NewSession(user),
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
	http.SetCookie(w, &http.Cookie{
		Name:     "__Host-sid",
		Value:    users.NewSession(user),
		Path:     "/",
		Secure:   true,
		HttpOnly: true,
	})
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: user.Theme})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func startGitHub(w http.ResponseWriter, r *http.Request) {
	verifier := oauth2.GenerateVerifier()
	state := users.Begin(r, verifier)
	http.Redirect(w, r, config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier)), http.StatusFound)
}

func byCode(ctx context.Context, code, verifier string) (*oauth2.Token, error) {
	return config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
}

func orders(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	client := &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: users.Authorities()},
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
