package main

import (
	"html/template"
	"log"
	"net/http"
	"os"

	"github.com/gorilla/mux"
	"github.com/gorilla/sessions"
	"github.com/rs/cors"

	"example.com/shop/users"
)

var key = []byte(os.Getenv("SESSION_KEY"))

var store = sessions.NewCookieStore(key)

var login = template.Must(template.ParseFiles("login.html"))

func init() {
	store.Options = &sessions.Options{
		Path:     "/",
		MaxAge:   86400 * 7,
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
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
	handler := cors.New(cors.Options{
		AllowedOrigins:   []string{"https://app.example.com"},
		AllowCredentials: true,
	}).Handler(router)
	log.Fatal(http.ListenAndServe(":8080", handler))
}
