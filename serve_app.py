"""Serves the app, with the headers that keep a browser to what the app itself serves."""

import importlib
import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.shared import login
from pages.shared.headers import SafeHeaders, SecureCookies
from pages.shared.origins import OwnPages
from settings import SettingsError

importlib.import_module("pandas")  # plotly takes one that another visitor's thread is still importing for whole
try:
    way_in = login.prepare()
except SettingsError as error:
    sys.stderr.write(f"runlight: {error}\n")
    sys.exit(2)
around = [Middleware(SafeHeaders), Middleware(OwnPages)]
if way_in is not None and way_in.is_by_https:
    around.append(Middleware(SecureCookies))
app = st.App(Path(__file__).with_name("app.py"), middleware=around)
