package main

import (
	"html/template"
	"log"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/gorilla/sessions"
	"github.com/rs/cors"

	"example.com/shop/users"
)

var key = []byte("@SECRET@")

var store = sessions.NewCookieStore(key) // weak: go-gorilla-secret-written

var login = template.Must(template.ParseFiles("login.html"))

func init() {
	store.Options = &sessions.Options{ // weak: go-session-options-not-secure, go-session-options-not-httponly, go-session-long unsure: go-session-options-samesite-none
		Path:     "/",
		MaxAge:   86400 * 365,
		SameSite: http.SameSiteNoneMode,
	}
}

func doLogin(w http.ResponseWriter, r *http.Request) {
	session, err := store.Get(r, "shop")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	user, err := users.Check(r.FormValue("name"), r.FormValue("password"))
	if err != nil {
		http.Error(w, "wrong name or password", http.StatusUnauthorized)
		return
	}
	session.Values["user"] = user.ID
	if err := session.Save(r, w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func doLogout(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "shop")
	session.Options.MaxAge = -1
	_ = session.Save(r, w)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func main() {
	router := mux.NewRouter()
	router.HandleFunc("/login", doLogin).Methods("POST")
	router.HandleFunc("/logout", doLogout).Methods("POST")
	handler := cors.New(cors.Options{ // unsure: go-cors-any
		AllowOriginFunc:  func(origin string) bool { return true },
		AllowCredentials: true,
	}).Handler(router)
	log.Fatal(http.ListenAndServe(":8080", handler))
}
