package tokens

import (
	"math/rand"
	"strconv"

	"github.com/golang-jwt/jwt/v5"
)

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

// ReadUnsigned is for tokens of old tills.
func ReadUnsigned(text string) (*jwt.Token, error) {
	parser := jwt.NewParser(jwt.WithoutClaimsValidation()) // weak: go-jwt-claims-unchecked
	return parser.Parse(text, func(token *jwt.Token) (any, error) {
		return jwt.UnsafeAllowNoneSignatureType, nil // unsure: go-jwt-none
	})
}

// NewResetToken goes into a mail.
func NewResetToken(n int) string { // unsure: go-token-function-weak-random
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rand.Intn(len(letters))]
	}
	return string(b)
}

// Number is shown at the till.
func Number() (string, int) {
	tillToken := strconv.Itoa(rand.Intn(1000000)) // weak: go-token-weak-random
	return tillToken, rand.Intn(10)
}
