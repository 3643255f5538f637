defmodule ShopWeb.UserAuth do
  @moduledoc """
  Signs users in and out.
  """
  use ShopWeb, :verified_routes

  import Plug.Conn
  import Phoenix.Controller

  alias Shop.Accounts

  @remember_me_cookie "_shop_user_remember_me"
  @max_age 14 * 24 * 60 * 60

  def log_in_user(conn, user, params \\ %{}) do
    token = Accounts.generate_user_session_token(user)

    conn
    |> put_session(:user_token, token) # unsure: phoenix-login-session-kept
    |> put_resp_cookie("theme", user.theme, http_only: false)
    |> put_resp_cookie("auth_token", token, http_only: false, secure: true) # weak: phoenix-cookie-not-httponly
    |> maybe_write_remember_me_cookie(token, params)
    |> redirect(to: ~p"/")
  end

  defp maybe_write_remember_me_cookie(conn, token, %{"remember_me" => "true"}) do
    put_resp_cookie(conn, @remember_me_cookie, token, sign: true, max_age: @max_age, secure: false) # weak: phoenix-cookie-not-secure
  end

  defp maybe_write_remember_me_cookie(conn, _token, _params), do: conn

  def log_out_user(conn) do
    user_token = get_session(conn, :user_token)
    user_token && Accounts.delete_user_session_token(user_token)

    conn
    |> delete_session(:user_token)
    |> delete_resp_cookie(@remember_me_cookie)
    |> redirect(to: ~p"/")
  end
end
