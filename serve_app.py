"""Serves the app, with the headers that keep a browser to what the app itself serves."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.shared.headers import SafeHeaders
from pages.shared.origins import OwnPages

app = st.App(Path(__file__).with_name("app.py"), middleware=[Middleware(SafeHeaders), Middleware(OwnPages)])
