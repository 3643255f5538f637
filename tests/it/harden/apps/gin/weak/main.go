package main

import (
	"net/http"
	"os"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"example.com/shop/users"
)

func main() {
	r := gin.Default()

	store := cookie.NewStore([]byte("@SECRET@"))                           // weak: go-gin-session-secret-written
	store.Options(sessions.Options{Path: "/", MaxAge: 3600, Secure: true}) // weak: go-session-options-not-httponly
	r.Use(sessions.Sessions("shop", store))

	r.Use(cors.New(cors.Config{ // unsure: go-cors-any
		AllowOriginFunc:  func(origin string) bool { return true },
		AllowMethods:     []string{"GET", "POST"},
		AllowCredentials: true,
		MaxAge:           12 * time.Hour,
	}))

	r.POST("/login", func(c *gin.Context) {
		user, err := users.Check(c.PostForm("name"), c.PostForm("password"))
		if err != nil {
			c.JSON(http.StatusUnauthorized, gin.H{"error": "wrong name or password"})
			return
		}
		session := sessions.Default(c)
		session.Set("user", user.ID)
		if err := session.Save(); err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.SetCookie("access_token", user.Token, 3600, "/", "", false, true)           // weak: go-gin-cookie-not-secure
		c.SetCookie("refresh_token", user.Refresh, 3600, "/refresh", "", true, false) // weak: go-gin-cookie-not-httponly
		c.SetCookie("lang", user.Lang, 3600, "/", "", false, false)
		c.Redirect(http.StatusSeeOther, "/")
	})

	r.GET("/feed", func(c *gin.Context) {
		user, err := users.OfToken(c.Query("access_token")) // unsure: go-token-query
		if err != nil {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		c.JSON(http.StatusOK, user.Feed(c.Query("page")))
	})

	r.POST("/logout", func(c *gin.Context) {
		session := sessions.Default(c)
		session.Clear()
		_ = session.Save()
		c.SetCookie("access_token", "", -1, "/", "", true, true)
		c.Redirect(http.StatusSeeOther, "/login")
	})

	_ = r.Run(os.Getenv("ADDRESS"))
}
