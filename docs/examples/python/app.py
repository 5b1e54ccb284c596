"""Prices parcels by weight and zone; psycopg2 is there for the day when prices come from a database."""

import psycopg2
from flask import Flask, jsonify, request

RATES = {"city": 190, "country": 340, "abroad": 990}  # cents a kilogram, begun

app = Flask(__name__)


@app.post("/quotes")
def quote():
    """Price one parcel."""
    asked = request.get_json()
    kilograms = -(-int(asked["grams"]) // 1000)
    return jsonify(zone=asked["zone"], cents=RATES[asked["zone"]] * kilograms)


@app.get("/health")
def health():
    """Say that the service runs, and which libpq it has loaded."""
    return jsonify(ok=True, libpq=psycopg2.__libpq_version__)
