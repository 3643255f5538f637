import os

import redis
import requests
from flask import Flask, redirect, render_template, request, session
from flask_session import Session

from models import User

app = Flask(__name__)
app.config['SECRET_KEY'] = os.environ['SECRET_KEY']
app.config['SESSION_TYPE'] = 'redis'
app.config['SESSION_REDIS'] = redis.from_url(os.environ['REDIS_URL'])
app.config['SESSION_COOKIE_SECURE'] = True
app.config['SESSION_COOKIE_SAMESITE'] = 'Lax'
Session(app)

backend = requests.Session()
backend.headers['Authorization'] = f"Bearer {os.environ['BACKEND_TOKEN']}"
backend.verify = '/etc/ssl/backend-ca.pem'


@app.post('/login')
def login():
    user = User.check(request.form['name'], request.form['password'])
    if user is None:
        return render_template('login.html'), 401
    app.session_interface.regenerate(session)
    session['user_id'] = user.id
    return redirect('/')


@app.post('/logout')
def logout():
    session.clear()
    return redirect('/login')


@app.get('/orders')
def orders():
    return backend.get('https://backend.example.com/orders', timeout=10).json()
