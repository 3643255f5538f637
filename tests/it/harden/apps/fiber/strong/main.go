package main

import (
	"log"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"

	"example.com/shop/users"
)

func main() {
	app := fiber.New()

	store := session.New(session.Config{
		Expiration:     8 * time.Hour,
		KeyLookup:      "cookie:__Host-session_id",
		CookieSecure:   true,
		CookieHTTPOnly: true,
		CookieSameSite: "Lax",
	})

	app.Post("/login", func(c *fiber.Ctx) error {
		user, err := users.Check(c.FormValue("name"), c.FormValue("password"))
		if err != nil {
			return fiber.ErrUnauthorized
		}
		sess, err := store.Get(c)
		if err != nil {
			return err
		}
		if err := sess.Regenerate(); err != nil {
			return err
		}
		sess.Set("user", user.ID)
		if err := sess.Save(); err != nil {
			return err
		}
		c.Cookie(&fiber.Cookie{
			Name:     "access_token",
			Value:    user.Token,
			HTTPOnly: true,
			Secure:   true,
			SameSite: "Lax",
		})
		c.Cookie(&fiber.Cookie{
			Name:     "refresh_token",
			Value:    user.Refresh,
			Secure:   true,
			HTTPOnly: true,
			SameSite: "Strict",
		})
		c.Cookie(&fiber.Cookie{Name: "lang", Value: user.Lang})
		return c.Redirect("/")
	})

	app.Post("/logout", func(c *fiber.Ctx) error {
		sess, err := store.Get(c)
		if err != nil {
			return err
		}
		c.Cookie(&fiber.Cookie{Name: "access_token", Expires: time.Now().Add(-time.Hour)})
		return sess.Destroy()
	})

	log.Fatal(app.Listen(":3000"))
}
