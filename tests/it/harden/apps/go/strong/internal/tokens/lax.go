package tokens

import (
	"crypto/rand"
	"encoding/base64"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

var tillKey = []byte(os.Getenv("TILL_KEY"))

// ReadTill is for tokens of old tills.
func ReadTill(text string) (*jwt.Token, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	return parser.Parse(text, func(token *jwt.Token) (any, error) {
		return tillKey, nil
	})
}

// NewResetToken goes into a mail.
func NewResetToken(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Number is shown at the till.
func Number() (string, int) {
	tillToken := rand.Text()
	return tillToken, len(letters)
}
