defmodule Shop.Token do
  use Joken.Config

  @impl true
  def token_config do
    default_claims(skip: [:aud, :exp], iss: "shop") # weak: elixir-jwt-no-expiry, elixir-jwt-audience-unchecked
  end

  def signer, do: Joken.Signer.create("HS256", "@SECRET@") # weak: elixir-jwt-secret-written

  def subject(token) do
    with {:ok, claims} <- Joken.peek_claims(token) do # unsure: elixir-jwt-unverified
      {:ok, claims["sub"]}
    end
  end

  def profile(token) do
    headers = [{"Authorization", "Bearer " <> token}]
    HTTPoison.get("https://id.example.com/userinfo", headers, ssl: [verify: :verify_none]) # unsure: elixir-tls-unverified
  end
end
