package tokens

import (
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"example.com/shop/internal/users"
)

var key = []byte(os.Getenv("JWT_KEY"))

// Issue makes a token for the API.
func Issue(user users.User) string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   user.ID,
		Audience:  jwt.ClaimStrings{"api"},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(15 * time.Minute)),
	})
	signed, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return signed
}

// Refresh makes one that is renewed each time.
func Refresh(user users.User) string {
	refresh := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   user.ID,
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	})
	signed, _ := refresh.SignedString(key)
	return signed
}

// Read takes the claims of a token.
func Read(text string) (*jwt.Token, error) {
	return jwt.Parse(text, func(token *jwt.Token) (any, error) {
		return key, nil
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience("api"), jwt.WithExpirationRequired())
}
