package main

import (
	"log"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"example.com/shop/users"
)

var sessionManager *scs.SessionManager

func main() {
	sessionManager = scs.New()                     // weak: go-scs-not-secure
	sessionManager.Lifetime = 365 * 24 * time.Hour // weak: go-scs-long
	sessionManager.Cookie.Name = "shop"
	sessionManager.Cookie.Secure = false                   // weak: go-scs-secure-off
	sessionManager.Cookie.HttpOnly = false                 // weak: go-scs-not-httponly
	sessionManager.Cookie.SameSite = http.SameSiteNoneMode // unsure: go-scs-samesite-none

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", doLogin)
	mux.HandleFunc("POST /logout", doLogout)
	log.Fatal(http.ListenAndServe(":4000", sessionManager.LoadAndSave(mux)))
}

func doLogin(w http.ResponseWriter, r *http.Request) {
	user, err := users.Check(r.FormValue("name"), r.FormValue("password"))
	if err != nil {
		http.Error(w, "wrong name or password", http.StatusUnauthorized)
		return
	}
	if err := sessionManager.RenewToken(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sessionManager.Put(r.Context(), "user", user.ID)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func doLogout(w http.ResponseWriter, r *http.Request) {
	_ = sessionManager.Destroy(r.Context())
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
