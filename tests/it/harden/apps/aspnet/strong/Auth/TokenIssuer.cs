using System.IdentityModel.Tokens.Jwt;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Shop.Auth;

public sealed class TokenIssuer
{
    private readonly SymmetricSecurityKey key;

    public TokenIssuer(IConfiguration configuration)
    {
        key = new SymmetricSecurityKey(Convert.FromBase64String(configuration["Jwt:Key"]!));
    }

    public string Issue(string user)
    {
        var claims = new[] { new Claim(JwtRegisteredClaimNames.Sub, user) };
        var token = new JwtSecurityToken(
            issuer: "https://shop.example.com",
            audience: "api",
            claims: claims,
            expires: DateTime.UtcNow.AddMinutes(15),
            signingCredentials: new SigningCredentials(key, SecurityAlgorithms.HmacSha256));
        return new JwtSecurityTokenHandler().WriteToken(token);
    }

    public string Session()
    {
        var sessionToken = RandomNumberGenerator.GetHexString(64);
        return sessionToken;
    }
}
