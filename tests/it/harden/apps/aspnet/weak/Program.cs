using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.CookiePolicy;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Shop.Auth;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddControllersWithViews();
builder.Services.AddDistributedMemoryCache();

builder.Services.AddSession(options =>
{
    options.Cookie.Name = "Shop.Session";
    options.Cookie.HttpOnly = false; // weak: aspnet-cookie-policy-not-httponly
    options.Cookie.SameSite = SameSiteMode.None; // unsure: aspnet-cookie-policy-samesite-none
    options.Cookie.SecurePolicy = CookieSecurePolicy.None; // weak: aspnet-cookie-policy-not-secure
    options.IdleTimeout = TimeSpan.FromDays(90); // weak: aspnet-session-long
});

builder.Services
    .AddAuthentication(options =>
    {
        options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
    })
    .AddCookie(options =>
    {
        options.LoginPath = "/login";
        options.ExpireTimeSpan = TimeSpan.FromDays(365); // weak: aspnet-session-long
        options.SlidingExpiration = true;
    })
    .AddOpenIdConnect(options =>
    {
        options.Authority = "https://id.example.com";
        options.ClientId = builder.Configuration["Oidc:ClientId"];
        options.ClientSecret = builder.Configuration["Oidc:ClientSecret"];
        options.ResponseType = OpenIdConnectResponseType.IdTokenToken; // weak: aspnet-oauth-implicit
        options.UsePkce = false; // weak: aspnet-oauth-pkce-off
        options.ProtocolValidator.RequireNonce = false; // weak: aspnet-oauth-state-off
        options.SaveTokens = true;
    });

builder.Services.AddCors(options =>
{
    options.AddDefaultPolicy(policy =>
    {
        policy.SetIsOriginAllowed(_ => true) // unsure: aspnet-cors-any
            .AllowAnyHeader()
            .AllowAnyMethod()
            .AllowCredentials();
    });
});

builder.Services.AddTokens(builder.Configuration);

var app = builder.Build();

if (!app.Environment.IsDevelopment())
{
    app.UseExceptionHandler("/error");
    app.UseHsts();
}

app.UseHttpsRedirection();
app.UseStaticFiles();
app.UseRouting();
app.UseCors();
app.UseAuthentication();
app.UseAuthorization();
app.UseSession();
app.MapDefaultControllerRoute();

app.Run();
