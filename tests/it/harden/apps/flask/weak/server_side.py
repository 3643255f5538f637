import os

import redis
import requests
from flask import Flask, redirect, render_template, request, session
from flask_session import Session

from models import User

app = Flask(__name__)
app.config['SECRET_KEY'] = os.environ.get('SECRET_KEY') or '@SECRET@'  # weak: python-secret-or
app.config['SESSION_TYPE'] = 'redis'
app.config['SESSION_REDIS'] = redis.from_url(os.environ['REDIS_URL'])
app.config['SESSION_COOKIE_SECURE'] = True
app.config['SESSION_COOKIE_SAMESITE'] = 'Lax'
Session(app)

backend = requests.Session()
backend.headers['Authorization'] = f"Bearer {os.environ['BACKEND_TOKEN']}"
backend.verify = False  # unsure: python-session-tls-unverified


@app.post('/login')
def login():
    user = User.check(request.form['name'], request.form['password'])
    if user is None:
        return render_template('login.html'), 401
    session['user_id'] = user.id  # unsure: python-flask-login-session-kept
    return redirect('/')


@app.post('/logout')
def logout():
    session.pop('user_id', None)
    return redirect('/login')


@app.get('/orders')
def orders():
    return backend.get('https://backend.example.com/orders', timeout=10).json()
