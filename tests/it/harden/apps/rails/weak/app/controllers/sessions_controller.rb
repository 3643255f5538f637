# frozen_string_literal: true

class SessionsController < ApplicationController
  skip_before_action :authenticate, only: %i[new create]

  def new
  end

  def create
    user = User.authenticate_by(email: params[:email], password: params[:password])
    unless user
      flash.now[:alert] = "Wrong name or password."
      return render :new, status: :unprocessable_entity
    end

    session[:user_id] = user.id # unsure: rails-login-session-kept
    cookies[:access_token] = { value: user.token, secure: true, same_site: :lax } # weak: rails-cookie-not-httponly
    cookies.signed[:session_token] = user.token # weak: rails-cookie-plain-not-httponly
    cookies.permanent.signed[:remember_token] = { value: user.remember, httponly: true, secure: true } # weak: rails-cookie-permanent
    cookies[:locale] = user.locale
    redirect_to root_path
  end

  def destroy
    cookies.delete(:remember_token)
    session.delete(:user_id)
    redirect_to login_path, status: :see_other
  end
end
